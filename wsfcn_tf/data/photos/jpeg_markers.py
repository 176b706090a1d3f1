"""The markers of a JPEG file: whether its end is there, and its colour profile."""

import re
from typing import NamedTuple

JPEG_START = b"\xff\xd8"
_END, _APP2 = b"\xff\xd9", b"\xff\xe2"
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # not an escaped 255, padding, or a restart within a scan
_PROFILE = b"ICC_PROFILE\0"


class JpegFacts(NamedTuple):
    """Whether the photo's end is there, and its ICC profile; None if there is none or a part of it is missing."""

    is_whole: bool
    profile: bytes | None


def jpeg_facts(data: bytes) -> JpegFacts:
    """Walks from marker to marker: thumbnails before the photo and videos behind it have end markers of their own.

    Once for both: most photos have no profile, and none of them waits for it.
    """
    parts: dict[int, bytes] = {}
    count = 0
    position = len(JPEG_START)
    while marker := _MARKER.search(data, position):
        if marker[0] == _END:
            whole = parts and len(parts) == count
            return JpegFacts(True, b"".join(parts[number] for number in sorted(parts)) if whole else None)
        start = marker.end() + 2
        position = marker.end() + int.from_bytes(data[marker.end() : start], "big")
        if marker[0] == _APP2 and data.startswith(_PROFILE, start):
            content = data[start + len(_PROFILE) : position]
            if len(content) > 2:
                count = content[1]
                parts[content[0]] = content[2:]
    return JpegFacts(False, None)
