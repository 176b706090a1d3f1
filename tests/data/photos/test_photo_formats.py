"""Every format that a photo may have, whatever its file is called."""

import io
import sys

import cv2
import numpy as np
import pytest
from PIL import Image

from wsfcn_tf.data.photos.image_files import format_of
from wsfcn_tf.data.photos.images import decode_image
from wsfcn_tf.errors import UserError

ROWS, COLUMNS = np.mgrid[:60, :80]
RGB = np.stack([3 * COLUMNS, 4 * ROWS, ROWS + COLUMNS], axis=-1).astype(np.uint8)
FORMATS = {
    "JPEG": {"quality": 95},
    "MPO": {"quality": 95, "save_all": True, "append_images": [Image.new("RGB", (80, 60))]},
    "PNG": {},
    "BMP": {},
    "GIF": {"save_all": True, "append_images": [Image.new("RGB", (80, 60))]},
    "TIFF": {"save_all": True, "append_images": [Image.new("RGB", (80, 60))]},
    "TIFF lzw": {"compression": "tiff_lzw"},
    "TIFF jpeg": {"compression": "jpeg", "quality": 95},
    "WEBP": {"lossless": True},
    "AVIF": {"quality": 95},
    "HEIF": {"quality": 95},
}
WITH_ALPHA = ("PNG", "TIFF", "WEBP", "AVIF", "HEIF")


def encoded(image, kind, **more):
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    stream = io.BytesIO()
    image.save(stream, kind.partition(" ")[0], **FORMATS[kind] | more)
    return stream.getvalue()


def refused(data):
    with pytest.raises(UserError) as error:
        decode_image(data, "DIR/photo")
    return str(error.value)


@pytest.mark.parametrize("kind", FORMATS)
def test_the_first_picture_of_every_format(kind):
    data = encoded(Image.fromarray(RGB), kind)
    assert format_of(data) == kind.partition(" ")[0].replace("MPO", "JPEG")
    image = decode_image(data, "photo")
    assert (image.shape, image.dtype) == (RGB.shape, np.uint8)
    tolerance = {"GIF": 40, "BMP": 0, "PNG": 0, "TIFF": 0, "TIFF lzw": 0, "WEBP": 0}.get(kind, 16)
    np.testing.assert_allclose(image, RGB, atol=tolerance)


@pytest.mark.parametrize("kind", ["JPEG", "MPO", "PNG", "TIFF", "TIFF lzw", "WEBP", "AVIF", "HEIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation(kind, orientation):
    """HEIC and AVIF turn by a box of their own, into which their writers put EXIF's orientation: once is enough."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = decode_image(encoded(Image.fromarray(RGB), kind), "photo")
    ways = {
        1: lambda image: image,
        2: lambda image: image[:, ::-1],
        3: lambda image: image[::-1, ::-1],
        4: lambda image: image[::-1],
        5: lambda image: image.swapaxes(0, 1),
        6: lambda image: np.rot90(image, -1),
        7: lambda image: image[::-1, ::-1].swapaxes(0, 1),
        8: lambda image: np.rot90(image),
    }
    turned = decode_image(encoded(Image.fromarray(RGB), kind, exif=exif.tobytes()), "photo")
    np.testing.assert_allclose(turned, ways[orientation](upright), atol=16 if kind == "HEIF" else 0)


@pytest.mark.parametrize("kind", WITH_ALPHA)
def test_alpha_lies_on_white(kind):
    alpha = np.where(COLUMNS < 20, 0, np.where(COLUMNS < 50, 128, 255)).astype(np.uint8)
    image = decode_image(encoded(Image.fromarray(np.dstack([RGB, alpha])), kind), "photo")
    expected = (RGB * (alpha[..., None] / 255) + 255 - alpha[..., None]).round()
    tolerance = 1 if kind in ("PNG", "TIFF") else 3 if kind == "WEBP" else 16
    far = COLUMNS % 64 > 1  # lossy formats blur the edge
    np.testing.assert_allclose(image[far & (COLUMNS != 50)], expected[far & (COLUMNS != 50)], atol=tolerance)


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_palettes_transparent_entry(kind):
    image = Image.fromarray((COLUMNS // 20).astype(np.uint8))
    image.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255])
    stream = io.BytesIO()
    image.save(stream, kind, transparency=0)
    expected = np.array([[255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255]], np.uint8)[COLUMNS // 20]
    np.testing.assert_array_equal(decode_image(stream.getvalue(), "photo"), expected)


def test_opaque_alpha_changes_nothing():
    rgba = np.dstack([RGB, np.full_like(RGB[..., 0], 255)])
    np.testing.assert_array_equal(decode_image(encoded(Image.fromarray(rgba), "PNG"), "photo"), RGB)
    deep = np.random.default_rng(0).integers(0, 1 << 16, (9, 7, 4), dtype=np.uint16)
    deep[..., 3] = 65535
    data = cv2.imencode(".png", deep)[1].tobytes()
    np.testing.assert_array_equal(decode_image(data, "photo"), (deep[..., 2::-1] >> 8).astype(np.uint8))


@pytest.mark.parametrize("compression", [1, 5, 8])  # none, LZW, deflate
@pytest.mark.parametrize("channels", [1, 3])
def test_tiff_of_16_bits_is_divided_by_256(channels, compression):
    values = np.random.default_rng(0).integers(0, 1 << 16, (40, 50, channels), dtype=np.uint16)
    data = cv2.imencode(".tiff", values, [cv2.IMWRITE_TIFF_COMPRESSION, compression])[1].tobytes()
    expected = np.broadcast_to(values[..., ::-1] >> 8, (40, 50, 3))
    np.testing.assert_array_equal(decode_image(data, "photo"), expected)


@pytest.mark.parametrize("kind", ["grey", "negative"])
def test_tiff_whose_white_is_0(kind):
    values = np.random.default_rng(0).integers(0, 1 << 16, (40, 50), dtype=np.uint16)
    data = bytearray(cv2.imencode(".tiff", values, [cv2.IMWRITE_TIFF_COMPRESSION, 1])[1].tobytes())
    if kind == "negative":
        with Image.open(io.BytesIO(data)) as image:
            assert image.tag_v2[0x0106] == 1
        place = data.index(b"\x06\x01\x03\x00\x01\x00\x00\x00\x01")
        data[place + 8] = 0
    expected = (values if kind == "grey" else 65535 - values) >> 8
    np.testing.assert_array_equal(decode_image(bytes(data), "photo")[..., 1], expected)


@pytest.mark.parametrize(("dtype", "words"), [(np.float32, "floats"), (np.int32, "integers of 32 bits")])
def test_tiff_of_other_values(dtype, words):
    stream = io.BytesIO()
    Image.fromarray(np.zeros((4, 5), dtype)).save(stream, "TIFF")
    assert refused(stream.getvalue()) == f"DIR/photo: holds {words} per value: save it with 8 or 16 bits"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "HEIF"])
@pytest.mark.parametrize("behind", [b"\0", b"SEFT", b"any bytes, such as a phone's own"])
def test_bytes_behind_the_photo(kind, behind):
    data = encoded(Image.fromarray(RGB), kind)
    np.testing.assert_array_equal(decode_image(data + behind, "photo"), decode_image(data, "photo"))


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.999])
def test_what_is_cut_short_is_refused(kind, share):
    """Noise, so that the end of the file is the end of the first picture."""
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8))
    only = {"append_images": []} if "append_images" in FORMATS[kind] else {}
    data = encoded(noise, kind, **only)
    kept = data[: min(int(share * len(data)), len(data) - 2)]
    message = refused(kept)
    cut = "the image file is cut short: copy it again or remove it from the data"
    unreadable = "cannot be read as an image: replace it or remove it from the data"
    assert message in (f"DIR/photo: {cut}", f"DIR/photo: {unreadable}")
    if share > 0.1 and kind not in ("TIFF lzw", "TIFF jpeg"):
        assert message == f"DIR/photo: {cut}"


BOMBS = {
    "GIF": b"GIF89a" + 2 * (60_000).to_bytes(2, "little") + bytes(3) + b"," + bytes(4) + 2 * b"\x60\xea" + bytes(9),
    "BMP": b"BM" + bytes(8) + b"\x36\0\0\0\x28\0\0\0" + 2 * (60_000).to_bytes(4, "little") + b"\1\0\x18" + bytes(30),
    "WEBP": b"RIFF\x1a\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + 2 * (16_000).to_bytes(3, "little") + b"VP8 " + bytes(4),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_refused_by_its_header(kind):
    words = "has more than 179 million pixels: make it smaller or remove it from the data"
    unreadable = "cannot be read as an image: replace it or remove it from the data"  # by its decoder already
    assert refused(BOMBS[kind]) in (f"DIR/photo: {words}", f"DIR/photo: {unreadable}")


def test_a_bomb_of_tiff():
    stream = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(stream, "TIFF", compression="group4")
    words = "has more than 179 million pixels: make it smaller or remove it from the data"
    assert refused(stream.getvalue()) == f"DIR/photo: {words}"


def test_heic_without_its_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)  # its import fails as if it were not installed
    size = (24).to_bytes(4, "big")
    message = refused(size + b"ftypheic" + bytes(4) + b"mif1heic")
    advice = "HEIC photos need pillow-heif: pip install pillow-heif, or convert it to JPEG"
    assert message == f"DIR/photo: {advice}"
