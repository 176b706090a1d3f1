"""Photos and masks of every kind, whole and damaged, as files' content; all follow from a seed."""

import io

import numpy as np
from PIL import Image

MODES = ("RGB", "L", "P", "1", "LA", "PA", "RGBA", "CMYK", "I;16", "F", "YCbCr")
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP")
SIZES = ((20, 24), (1, 1), (10, 30000), (30000, 10), (1, 200), (7, 5))
DAMAGES = (
    "cut short",
    "emptied",
    "one byte",
    "random bytes",
    "flipped bytes",
    "zeros at the end",
    "text",
    "lying size",
)


def generated_image(rng: np.random.Generator) -> tuple[bytes, str]:
    """A photo's file, as content and a description: mode, format, size, and damage if any."""
    return _generated(rng, str(rng.choice(MODES)), str(rng.choice(FORMATS, p=(0.3, 0.4, 0.1, 0.05, 0.1, 0.05))))


def generated_mask(rng: np.random.Generator) -> tuple[bytes, str]:
    """The same for a mask; more often one that can be used."""
    return _generated(rng, str(rng.choice((*MODES, *("P", "L", "RGB") * 5))), "PNG")


def _generated(rng: np.random.Generator, mode: str, kind: str) -> tuple[bytes, str]:
    height, width = SIZES[rng.integers(len(SIZES))]
    damage = rng.choice(DAMAGES) if rng.random() < 0.6 else ""
    data = encode(picture(rng, mode, height, width), kind)
    if damage:
        data = damaged(rng, data, str(damage))
    return data, f"{mode} {kind} {width}x{height} {damage}"


def picture(rng: np.random.Generator, mode: str, height: int, width: int) -> Image.Image:
    """Noise of four values: 0 to 3 where they are numbers, else that many grey tones."""
    values = np.repeat(rng.integers(0, 4, (height, width, 1), dtype=np.uint8), 3, axis=2)
    if mode == "L":
        return Image.fromarray(values[..., 0])
    if mode == "I;16":
        return Image.fromarray(values[..., 0].astype(np.uint16) * 9000)
    if mode == "P":  # a palette without meaning: the numbers are all there is
        image = Image.fromarray(values[..., 0])
        image.putpalette(rng.integers(0, 256, 3 * int(rng.integers(5, 200)), dtype=np.uint8).tobytes())
        return image
    image = Image.fromarray(values * 60)
    return image.convert("L").convert(mode) if mode in ("F", "LA", "PA", "1") else image.convert(mode)


def encode(image: Image.Image, kind: str) -> bytes:
    """The file's content; what a format cannot hold becomes RGB. A GIF is animated."""
    options = {"save_all": True, "append_images": [image.rotate(180)]} if kind == "GIF" else {}
    buffer = io.BytesIO()
    try:
        image.save(buffer, kind, **options)
    except (OSError, ValueError, KeyError):  # what Pillow raises for modes and sizes that a format has not
        buffer = io.BytesIO()
        image.convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()


def damaged(rng: np.random.Generator, data: bytes, damage: str) -> bytes:
    """The content with a damage of `DAMAGES`."""
    if damage == "cut short":
        return data[: rng.integers(1, len(data))]
    if damage == "emptied":
        return b""
    if damage == "one byte":
        return data[:1]
    if damage == "random bytes":
        return rng.bytes(int(rng.integers(1, 2000)))
    if damage == "text":
        return b"<html>404 Not Found</html>"
    changed = bytearray(data)
    if damage == "zeros at the end":
        start = int(rng.integers(1, len(data)))
        changed[start:] = bytes(len(data) - start)
    elif damage == "flipped bytes":
        for position in rng.integers(8, len(data), 5) if len(data) > 8 else ():
            changed[position] ^= int(rng.integers(1, 256))
    else:  # a size that the pixels do not have, where PNG's header says it
        changed[16:24] = rng.bytes(8)
    return bytes(changed)
