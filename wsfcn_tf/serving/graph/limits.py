"""What an exported network refuses to look at, so that no request takes more memory than was meant."""

from dataclasses import asdict, dataclass

from wsfcn_tf.errors import UserError

LOOKED_AT = 8_388_608  # pixels of photos that `inference.photo_side` has resized, in one piece
LARGEST = 2**31 - 1  # bytes of a protocol buffer, which graphs and answers are, and of a flatbuffer


@dataclass(frozen=True)
class Limits:
    """The largest request that is answered; a larger one is an error that says which limit it broke.

    Attributes:
        bytes: of one encoded photo.
        pixels: of one photo, told by its header before anything is decoded; of the whole batch where it comes as an
            array.
        side: height or width of a photo.
        batch: photos in a request.

    Raises:
        UserError: one of them is below 1.
    """

    bytes: int = 20_000_000
    pixels: int = 4_194_304
    side: int = 8192
    batch: int = 32

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if value < 1:
                raise UserError(f"--max-{name}: must be at least 1, not {value}")
