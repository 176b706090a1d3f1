"""The chunks of a PNG file: whether all are there, whether it is transparent, and its colour profile."""

import zlib
from collections.abc import Iterator

PNG_START = b"\x89PNG\r\n\x1a\n"
_END, _PIXELS = b"IEND", b"IDAT"
_WITH_ALPHA = (b"\x04", b"\x06")  # colour types: grey and alpha, RGB and alpha
_LONGEST_PROFILE = 1 << 22  # bytes, unpacked; what is longer is a bomb


def png_has_end(data: bytes) -> bool:
    """Walks from chunk to chunk: OpenCV would take gigabytes for one that says it is longer than the file."""
    return any(name == _END for name, _, _ in _chunks(data))


def png_is_transparent(data: bytes) -> bool:
    """Whether pixels may be transparent: by an alpha channel, or by a colour or palette entries that are."""
    return data[25:26] in _WITH_ALPHA or b"tRNS" in _before_pixels(data)


def png_profile(data: bytes) -> bytes | None:
    """The ICC profile; None if there is none, it is broken, or another chunk says that colours are sRGB."""
    chunks = _before_pixels(data)
    if b"sRGB" in chunks or b"iCCP" not in chunks:
        return None
    start, length = chunks[b"iCCP"]
    _, _, packed = data[start : start + length].partition(b"\0")  # behind the profile's name
    unpacker = zlib.decompressobj()
    try:
        profile = unpacker.decompress(packed[1:], _LONGEST_PROFILE)  # behind the number of the method
    except zlib.error:
        return None
    return profile if unpacker.eof else None


def _before_pixels(data: bytes) -> dict[bytes, tuple[int, int]]:
    found: dict[bytes, tuple[int, int]] = {}
    for name, start, length in _chunks(data):
        if name == _PIXELS:
            break
        found.setdefault(name, (start, length))
    return found


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Each chunk's name, and where its content begins and how long it says it is."""
    position = len(PNG_START)
    while position + 12 <= len(data):  # length, type and checksum
        length = int.from_bytes(data[position : position + 4], "big")
        yield data[position + 4 : position + 8], position + 8, length
        position += 12 + length
