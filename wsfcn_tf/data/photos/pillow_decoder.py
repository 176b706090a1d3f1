"""Decoding, with Pillow, what OpenCV does not read or reads in another way: all but plain JPEGs and PNGs."""

import io

import numpy as np
from PIL import Image, ImageOps, features

from wsfcn_tf.data.photos.colour_profiles import to_srgb
from wsfcn_tf.data.photos.image_files import AVIF, HEIF, TIFF
from wsfcn_tf.errors import UserError

CUT_SHORT = "the image file is cut short: copy it again or remove it from the data"
UNREADABLE = "cannot be read as an image: replace it or remove it from the data"

_WHITE_IS_ZERO = (0x0106, 0)  # TIFF's tag PhotometricInterpretation, which Pillow leaves to us at 16 bits


def decode_with_pillow(data: bytes, kind: str, where: str) -> np.ndarray:
    """A photo of a format of `image_files`, its first frame or page, as `read_image` gives it.

    Raises:
        UserError: it is broken or cut short, has too many pixels or more than 16 bits per value, or needs a package
            that is not installed.
    """
    _check_decoder(kind, where)
    try:
        with Image.open(io.BytesIO(data), formats=(kind,)) as image:
            return pixels_of(image)
    except MemoryError:
        raise
    except _OtherValues as error:
        raise UserError(f"{where}: holds {error} per value: save it with 8 or 16 bits") from None
    except Image.DecompressionBombError:
        most = f"{2 * Image.MAX_IMAGE_PIXELS / 1e6:.0f} million"
        raise UserError(f"{where}: has more than {most} pixels: make it smaller or remove it from the data") from None
    except Exception as error:  # Pillow does not say what its decoders raise; broken files bring forth many kinds
        if "truncated" in str(error):
            raise UserError(f"{where}: {CUT_SHORT}") from None
        raise UserError(f"{where}: {UNREADABLE}") from None


def pixels_of(image: Image.Image) -> np.ndarray:
    """A picture of Pillow's as `read_image` gives it. Raises what Pillow does of a broken file that it has opened."""
    profile = image.info.get("icc_profile")
    image.load()
    return np.array(_to_rgb(_upright(image), profile, _is_negative(image)))


class _OtherValues(Exception):
    """Values of a kind that has no white: floats, and integers of 32 bits."""


def _check_decoder(kind: str, where: str) -> None:
    if kind == HEIF:
        try:
            from pillow_heif import register_heif_opener
        except ImportError:
            raise UserError(
                f"{where}: HEIC photos need pillow-heif: pip install pillow-heif, or convert it to JPEG"
            ) from None
        register_heif_opener()
    if kind == AVIF and not features.check("avif"):
        raise UserError(f"{where}: AVIF photos need Pillow 11.3 with AVIF: pip install 'Pillow>=11.3', or convert it")


def _upright(image: Image.Image) -> Image.Image:
    """As EXIF turns it; broken EXIF, of which Pillow makes all kinds of errors, is no EXIF."""
    try:
        return ImageOps.exif_transpose(image)
    except MemoryError:
        raise
    except Exception:
        return image


def _to_rgb(image: Image.Image, profile: bytes | None, negative: bool) -> Image.Image:
    """8-bit RGB in sRGB, on white."""
    if image.mode.startswith("I;16"):
        values = np.asarray(image, np.uint16) >> 8
        image = Image.fromarray((values ^ (255 * negative)).astype(np.uint8))
    elif image.mode in ("F", "I"):
        raise _OtherValues("floats" if image.mode == "F" else "integers of 32 bits")
    if not image.has_transparency_data:
        return _in_srgb(image, profile)
    image = image.convert("RGBA")
    alpha = image.getchannel("A")
    colours = _in_srgb(image.convert("RGB"), profile)
    return Image.composite(colours, Image.new("RGB", image.size, "white"), alpha)


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    way = to_srgb(profile) if profile else None
    if way is None:
        return image.convert("RGB")
    if way.mode == "CMYK":
        return way.of_picture(image).convert("RGB")
    return Image.fromarray(way.of_pixels(np.array(image.convert("RGB"))))  # of a palette, too


def _is_negative(image: Image.Image) -> bool:
    tag, value = _WHITE_IS_ZERO
    return image.format == TIFF and image.tag_v2.get(tag) == value
