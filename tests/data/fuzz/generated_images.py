"""Photos and masks of every kind, whole and damaged, as files' content; all follow from a seed."""

import io

import numpy as np
from PIL import Image, ImageCms

MODES = ("RGB", "L", "P", "1", "LA", "PA", "RGBA", "CMYK", "I;16", "F", "YCbCr")
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP")
SIZES = ((20, 24), (1, 1), (10, 30000), (30000, 10), (1, 200), (7, 5))
MASK_FORMATS = ("PNG", "PNG", "TIFF", "BMP", "JPEG")
SMALL_SIZES = ((20, 24), (1, 1), (1, 70), (65, 3), (7, 5))
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


def generated_photo_of(rng: np.random.Generator, kind: str) -> tuple[bytes, str]:
    """The same in one format, small, often with EXIF and a colour profile, which may be damaged on their own."""
    height, width = SMALL_SIZES[rng.integers(len(SMALL_SIZES))]
    options = {}
    if rng.random() < 0.5:
        exif = Image.Exif()
        exif[0x0112] = int(rng.integers(0, 10))
        options["exif"] = _maybe_damaged(rng, exif.tobytes())
    if rng.random() < 0.5:
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        options["icc_profile"] = _maybe_damaged(rng, profile)
    mode = str(rng.choice(MODES))
    data = encode(picture(rng, mode, height, width), kind, **options)
    damage = rng.choice(DAMAGES) if rng.random() < 0.5 else ""
    data = damaged(rng, data, str(damage)) if damage else data
    return data, f"{mode} {kind} {width}x{height} {damage}"


def _maybe_damaged(rng: np.random.Generator, data: bytes) -> bytes:
    return damaged(rng, data, str(rng.choice(DAMAGES))) if rng.random() < 0.5 else data


def generated_mask(rng: np.random.Generator) -> tuple[bytes, str]:
    """The same for a mask; more often one that can be used."""
    return _generated(rng, str(rng.choice((*MODES, *("P", "L", "RGB") * 5))), "PNG")


def generated_binary_mask(rng: np.random.Generator) -> tuple[bytes, str]:
    """A mask of 0 and 255, or 0 and 1, as PNG, TIFF, BMP or JPEG, often damaged; sometimes of further values."""
    height, width = SMALL_SIZES[rng.integers(len(SMALL_SIZES))]
    values = np.uint8([0, 1, 255, 128])[
        rng.choice(4, p=(0.5, 0, 0.5, 0) if rng.random() < 0.7 else None, size=(height, width))
    ]
    mode, kind = str(rng.choice(("L", "1", "RGB", "P", "RGBA", "I;16", "CMYK"))), str(rng.choice(MASK_FORMATS))
    image = Image.fromarray(values.astype(np.uint16)) if mode == "I;16" else Image.fromarray(values)
    data = encode(image if mode == "I;16" else image.convert(mode), kind)
    damage = str(rng.choice(DAMAGES)) if rng.random() < 0.4 else ""
    return damaged(rng, data, damage) if damage else data, f"{mode} {kind} {width}x{height} {damage}"


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


def encode(image: Image.Image, kind: str, **options: bytes) -> bytes:
    """The file's content; what a format cannot hold becomes RGB or a PNG. A GIF is animated."""
    options |= {"save_all": True, "append_images": [image.rotate(180)]} if kind in ("GIF", "MPO") else {}
    for picture_of, form, more in ((image, kind, options), (image.convert("RGB"), kind, {}), (image, "PNG", {})):
        buffer = io.BytesIO()
        try:
            picture_of.save(buffer, form, **more)
            return buffer.getvalue()
        except (OSError, ValueError, KeyError, SyntaxError):  # what Pillow raises for what a format cannot hold
            continue
    return encode(image.convert("RGB"), "PNG")


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
