"""Photos with an ICC profile: their colours, against what the published matrices make of them."""

import io

import numpy as np
import pytest
from icc_profiles import DISPLAY_P3, SRGB, SRGB_CURVE, cmyk_profile, grey_profile, rgb_profile
from PIL import Image, ImageCms

from wsfcn_tf.data.photos.colour_profiles import to_srgb
from wsfcn_tf.data.photos.images import decode_image
from wsfcn_tf.data.photos.jpeg_markers import jpeg_facts
from wsfcn_tf.data.photos.png_chunks import png_profile

# Display P3 to sRGB, linear (CSS Color 4: the product of its matrices by way of XYZ, D65)
P3_TO_SRGB = np.array(
    [[1.2249401763, -0.2249401763, 0], [-0.0420569547, 1.0420569547, 0], [-0.0196375546, -0.0786360456, 1.0982736001]]
)
LEVELS = np.linspace(0, 255, 8).astype(np.uint8)
COLOURS = np.stack(np.meshgrid(LEVELS, LEVELS, LEVELS), axis=-1).reshape(16, 32, 3)
P3 = rgb_profile(DISPLAY_P3)


def encoded(pixels, kind, mode=None, **options):
    image = Image.fromarray(pixels)
    stream = io.BytesIO()
    (image.convert(mode) if mode else image).save(stream, kind, **options)
    return stream.getvalue()


def as_srgb(pixels, matrix):
    """Linear light, the matrix, what sRGB cannot show clipped, and sRGB's curve again."""
    values = pixels / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    mapped = np.clip(linear @ np.transpose(matrix), 0, 1)
    return 255 * np.where(mapped <= 0.0031308, 12.92 * mapped, 1.055 * mapped ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "AVIF"])
def test_display_p3_as_the_published_matrix_has_it(kind):
    options = {"WEBP": {"lossless": True}, "AVIF": {"quality": 100, "subsampling": "4:4:4"}}.get(kind, {})
    with_profile = decode_image(encoded(COLOURS, kind, icc_profile=P3, **options), "photo")
    without = decode_image(encoded(COLOURS, kind, **options), "photo")
    if kind != "AVIF":  # rounds
        np.testing.assert_array_equal(without, COLOURS)
    np.testing.assert_allclose(with_profile, as_srgb(without, P3_TO_SRGB), atol=1.6)
    assert np.abs(with_profile.astype(int) - without).max() > 30  # a pale red, and a full one


def test_jpeg_with_a_profile_of_several_segments():
    """Pillow cuts what is longer than 64 kB into segments; a profile may be followed by anything."""
    profile = P3 + bytes(100_000)
    data = encoded(COLOURS.repeat(8, 0).repeat(8, 1), "JPEG", quality=95, icc_profile=profile)
    plain = encoded(COLOURS.repeat(8, 0).repeat(8, 1), "JPEG", quality=95)
    assert jpeg_facts(data).profile == profile and jpeg_facts(plain).profile is None
    np.testing.assert_allclose(decode_image(data, "photo"), as_srgb(decode_image(plain, "photo"), P3_TO_SRGB), atol=1.6)


def test_a_profile_whose_segment_is_missing_is_none():
    data = encoded(COLOURS, "JPEG", icc_profile=P3 + bytes(100_000))
    first = data.index(b"ICC_PROFILE\0")
    second = data.index(b"ICC_PROFILE\0", first + 1)
    without = data[: second - 4] + data[second - 2 + int.from_bytes(data[second - 2 : second], "big") :]
    assert jpeg_facts(without).profile is None
    np.testing.assert_array_equal(decode_image(without, "photo"), decode_image(encoded(COLOURS, "JPEG"), "photo"))


@pytest.mark.parametrize(
    "profile",
    [rgb_profile(SRGB), ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), b"no profile", P3[:200]],
    ids=["sRGB", "Little CMS' sRGB", "noise", "cut short"],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_what_is_srgb_or_broken_changes_nothing(profile, kind):
    expected = decode_image(encoded(COLOURS, kind), "photo")
    np.testing.assert_array_equal(decode_image(encoded(COLOURS, kind, icc_profile=profile), "photo"), expected)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_greyscale(kind):
    """Macs' old gamma of 1.8. A profile for greyscale is not for a photo with colours."""
    ramp = np.arange(256, dtype=np.uint8).repeat(16).reshape(16, 256).repeat(8, 0)
    options = {"quality": 100} if kind == "JPEG" else {}
    plain = decode_image(encoded(ramp, kind, **options), "photo")
    image = decode_image(encoded(ramp, kind, icc_profile=grey_profile(1.8), **options), "photo")
    linear = (plain / 255) ** 1.8
    expected = 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    np.testing.assert_allclose(image, expected, atol=2)
    coloured = decode_image(encoded(COLOURS, kind, icc_profile=grey_profile(1.8)), "photo")
    np.testing.assert_array_equal(coloured, decode_image(encoded(COLOURS, kind), "photo"))


def test_cmyk():
    """The profile's printer prints black only; without it, all inks are seen."""
    inks = np.zeros((16, 16, 4), np.uint8)
    inks[:8, :, 0], inks[:, 8:, 3] = 255, 255
    image = Image.fromarray(inks, "CMYK")
    streams = io.BytesIO(), io.BytesIO()
    image.save(streams[0], "JPEG", quality=100, icc_profile=cmyk_profile())
    image.save(streams[1], "JPEG", quality=100)
    seen, plain = (decode_image(stream.getvalue(), "photo") for stream in streams)
    assert (seen[:, :8] > 250).all() and (seen[:, 8:] < 5).all()
    assert (plain[:8, :8, 0] < 5).all()
    rgb = decode_image(encoded(COLOURS, "TIFF", icc_profile=cmyk_profile()), "photo")
    np.testing.assert_array_equal(rgb, COLOURS)


def test_profile_and_alpha_and_16_bits():
    pixels = np.dstack([COLOURS, np.full(COLOURS.shape[:2], 255, np.uint8)])
    image = decode_image(encoded(pixels, "PNG", icc_profile=P3), "photo")
    np.testing.assert_allclose(image, as_srgb(COLOURS, P3_TO_SRGB), atol=1.6)
    ramp = np.arange(256, dtype=np.uint8)[None]
    opaque = np.dstack([ramp, np.full_like(ramp, 255)])
    image = decode_image(encoded(opaque, "PNG", icc_profile=grey_profile(1.0)), "photo")
    assert abs(int(image[0, 128, 0]) - 188) <= 2
    grey = ramp.astype(np.uint16) * 257
    image = decode_image(encoded(grey, "TIFF", icc_profile=grey_profile(1.0)), "photo")
    assert abs(int(image[0, 128, 0]) - 188) <= 2


def test_a_bomb_of_a_profile_is_none():
    data = encoded(COLOURS, "PNG", icc_profile=P3 + bytes(10_000_000))
    assert png_profile(data) is None and png_profile(encoded(COLOURS, "PNG", icc_profile=P3)) == P3


def test_the_way_is_made_once():
    assert to_srgb(P3) is to_srgb(bytes(bytearray(P3)))
    assert to_srgb(rgb_profile(SRGB, SRGB_CURVE)) is None
