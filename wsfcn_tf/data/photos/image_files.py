"""What an image file's bytes say without decoding it: its format, and whether its end is missing."""

from wsfcn_tf.data.photos.jpeg_markers import JPEG_START
from wsfcn_tf.data.photos.png_chunks import PNG_START

JPEG, PNG, WEBP, AVIF, HEIF, GIF, BMP, TIFF = "JPEG", "PNG", "WEBP", "AVIF", "HEIF", "GIF", "BMP", "TIFF"

_STARTS = {
    PNG_START: PNG,
    b"GIF87a": GIF,
    b"GIF89a": GIF,
    b"BM": BMP,
    b"II*\0": TIFF,
    b"MM\0*": TIFF,
    b"II+\0": TIFF,  # with offsets of 64 bits
    b"MM\0+": TIFF,
}
_AVIF_BRANDS = {b"avif", b"avis"}
_BOXES = (b"ftyp", b"meta", b"mdat", b"moov", b"free", b"skip", b"uuid")  # of which files of these formats consist
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}


def format_of(data: bytes) -> str | None:
    """The format that a file's first bytes tell, whatever its name; None if it is none of those above."""
    if data.startswith(JPEG_START):  # MPO, too: several JPEGs, one after the other
        return JPEG
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP
    if data[4:8] == b"ftyp":
        end = min(int.from_bytes(data[:4], "big"), 256)
        brands = {data[8:12], *(data[start : start + 4] for start in range(16, end, 4))}
        return AVIF if brands & _AVIF_BRANDS else HEIF if brands & _HEIF_BRANDS else None
    return next((kind for start, kind in _STARTS.items() if data.startswith(start)), None)


def is_whole(data: bytes, kind: str | None) -> bool:
    """Whether the end is there, by what the file says of itself. GIF and BMP do not: decoding tells."""
    if kind == WEBP:
        return len(data) >= 8 + int.from_bytes(data[4:8], "little")
    if kind in (AVIF, HEIF):
        return _boxes_are_whole(data)
    if kind == TIFF and b"*" in data[2:4]:  # where the first page's table is; with offsets of 64 bits elsewhere
        return int.from_bytes(data[4:8], "little" if data[:1] == b"I" else "big") < len(data)
    return True


def _boxes_are_whole(data: bytes) -> bool:
    """Walks from box to box of ISO's base media format, each of which says how long it is; other bytes may follow."""
    position = 0
    while data[position + 4 : position + 8] in _BOXES:
        size = int.from_bytes(data[position : position + 4], "big")
        if size == 1:  # a longer number follows
            size = int.from_bytes(data[position + 8 : position + 16], "big")
        if size < 8:  # 0: to the end of the file
            return True
        position += size
    return position <= len(data)
