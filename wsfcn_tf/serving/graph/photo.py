"""From an encoded photo to its pixels inside a graph.

As `wsfcn_tf.data.photos.images.read_image` does it outside, but for colour profiles and transparency, left out here.
"""

import tensorflow as tf

from wsfcn_tf.serving.graph.header import JPEG, PNG, Header, read_header
from wsfcn_tf.serving.graph.limits import Limits


def decode_photo(text: tf.Tensor, index: tf.Tensor, limits: Limits) -> tf.Tensor:
    """Decodes a JPEG or PNG; greyscale, palette and CMYK become RGB, alpha is dropped, EXIF's orientation is applied.

    Nothing is decoded before the header's size is known to be within the limits.

    Args:
        text: string scalar, the file's bytes.
        index: int32 scalar, the photo's place in the batch, for error messages.
        limits: what is refused.

    Returns:
        uint8 [H, W, 3].

    Raises:
        tf.errors.InvalidArgumentError: when run: "image 3 of the batch (512 bytes): …".
    """
    size = tf.strings.length(text)
    photo = _Named(index, size)
    with tf.control_dependencies(
        [
            photo.require(size > 0, "the file is empty"),
            photo.require(size <= limits.bytes, f"it has more than {limits.bytes} bytes (max_bytes)"),
        ]
    ):
        header = read_header(tf.identity(text))
    with tf.control_dependencies(_checks(header, photo, limits)):
        image = _decoded_or_empty(tf.identity(text), header.kind == JPEG)
    broken = "data are broken, or of a kind that TensorFlow does not decode"
    with tf.control_dependencies([photo.require(tf.size(image) > 0, "its", header.kind, broken)]):
        return _upright(tf.identity(image), header.orientation)


class _Named:
    """What messages call a photo.

    Its place is that in the batch, which a server may have put together from several requests; by its size the caller
    knows its own.
    """

    def __init__(self, index: tf.Tensor, size: tf.Tensor) -> None:
        texts = ["image ", tf.strings.as_string(index), " of the batch (", tf.strings.as_string(size), " bytes):"]
        self._name = tf.strings.join(texts)

    def require(self, condition: tf.Tensor, *words: tf.Tensor | str) -> tf.Operation:
        """An error that says "image INDEX of the batch (SIZE bytes): WORDS" where the condition is not met."""
        texts = [w if isinstance(w, str) or w.dtype == tf.string else tf.strings.as_string(w) for w in words]
        return tf.debugging.Assert(condition, [tf.strings.join([self._name, *texts], separator=" ")])


def _decoded_or_empty(text: tf.Tensor, is_jpeg: tf.Tensor) -> tf.Tensor:
    """The pixels; none, uint8 [0, 0, 3], where the decoder fails.

    A decoder's error ends the request and does not know which photo it is about. Of all operations only a dataset's
    can go on behind one.
    """

    def decode(data: tf.Tensor, with_jpeg: tf.Tensor) -> tf.Tensor:
        return tf.cond(
            with_jpeg,
            # the decoder that OpenCV has, too; TensorFlow's default is a faster approximation
            lambda: tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE"),
            lambda: tf.io.decode_png(data, channels=3),
        )

    decoded = tf.data.Dataset.from_tensors((text, is_jpeg)).map(decode).ignore_errors()
    nothing = tf.data.Dataset.from_tensors(tf.zeros([0, 0, 3], tf.uint8))
    return decoded.concatenate(nothing).take(1).get_single_element()


def _checks(header: Header, photo: _Named, limits: Limits) -> list[tf.Operation]:
    height, width = header.height, header.width
    is_photo = (header.kind == JPEG) | (header.kind == PNG)
    name = tf.where(header.kind == "", "not an image", header.kind)
    size = ("it is", height, "x", width, "pixels,")
    return [
        photo.require(is_photo, "it is", name, "and has to be JPEG or PNG"),
        # sides below 2^32, so that their product is within int64
        photo.require(
            ~is_photo | ((height > 0) & (width > 0)),
            "its header is broken: there is no size in it",
        ),
        photo.require(tf.maximum(height, width) <= limits.side, *size, f"with a side above {limits.side} (max_side)"),
        photo.require(height * width <= limits.pixels, *size, f"more than {limits.pixels} (max_pixels)"),
        photo.require(header.complete, "the file is cut short"),
    ]


def _upright(image: tf.Tensor, orientation: tf.Tensor) -> tf.Tensor:
    """Turns and mirrors a photo as its orientation says.

    Args:
        image: [H, W, 3].
        orientation: int64, 1 to 8. 5 to 8 swap the sides.

    Returns:
        The photo as it is meant to be seen.
    """
    turned = tf.cond(orientation >= 5, lambda: tf.transpose(image, [1, 0, 2]), lambda: image)
    # 2: mirrored, 3: by 180 degrees, 4: upside down; the transposed ones: 5, 6 (to the right), 7, 8 (to the left)
    upside_down = tf.reduce_any(orientation == tf.constant([3, 4, 7, 8], tf.int64))
    mirrored = tf.reduce_any(orientation == tf.constant([2, 3, 6, 7], tf.int64))
    turned = tf.cond(upside_down, lambda: tf.reverse(turned, [0]), lambda: turned)
    return tf.cond(mirrored, lambda: tf.reverse(turned, [1]), lambda: turned)
