"""Decoding inside the graph, beside `read_image`; and what it refuses, in words that name the photo."""

import io
import re
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from wsfcn_tf.data.photos.images import decode_image
from wsfcn_tf.serving.graph.limits import Limits
from wsfcn_tf.serving.graph.photo import decode_photo

LIMITS = Limits(bytes=100_000, pixels=10_000, side=200, batch=4)
PICTURE = cv2.resize(np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8), (43, 30))


@tf.function(input_signature=[tf.TensorSpec([], tf.string)], autograph=False)
def decode(text):
    return decode_photo(text, tf.constant(3), LIMITS)


def encoded(image, format, **settings):
    stream = io.BytesIO()
    image.save(stream, format, **settings)
    return stream.getvalue()


def exif(orientation, order="<"):
    mark = b"II*\0" if order == "<" else b"MM\0*"
    make = struct.pack(f"{order}HHI4s", 0x010F, 2, 4, b"abc\0")  # another entry in front
    entry = struct.pack(f"{order}HHIHH", 0x0112, 3, 1, orientation, 0)
    return mark + struct.pack(f"{order}IH", 8, 2) + make + entry + struct.pack(f"{order}I", 0)


def with_app1(jpeg, content, in_front=b""):
    return jpeg[:2] + in_front + b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content + jpeg[2:]


def chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA", "LA", "1", "I;16"])
def test_png_of_every_mode_as_read_image(mode):
    if mode == "I;16":
        image = Image.fromarray(PICTURE[..., 0].astype(np.uint16) * 257)
    else:
        image = Image.fromarray(PICTURE).convert(mode)
    data = encoded(image, "PNG")
    np.testing.assert_array_equal(decode(data), decode_image(data, "photo"))


@pytest.mark.parametrize("settings", [{}, {"progressive": True}, {"subsampling": 0}, {"quality": 20}])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_jpeg_as_read_image(mode, settings):
    data = encoded(Image.fromarray(PICTURE).convert(mode), "JPEG", **settings)
    np.testing.assert_array_equal(decode(data), decode_image(data, "photo"))


def test_cmyk_jpeg_is_close_to_read_image():
    data = encoded(Image.fromarray(PICTURE).convert("CMYK"), "JPEG")
    difference = decode(data).numpy().astype(int) - decode_image(data, "photo")
    assert abs(difference).max() <= 1


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", [1, 2, 3, 4, 5, 6, 7, 8, 0, 9])
def test_exif_orientation_as_read_image(orientation, order):
    jpeg = encoded(Image.fromarray(PICTURE), "JPEG")
    jpeg = with_app1(jpeg, b"Exif\0\0" + exif(orientation, order))
    expected = decode_image(jpeg, "photo")
    assert expected.shape == ((43, 30, 3) if 5 <= orientation <= 8 else (30, 43, 3))
    np.testing.assert_array_equal(decode(jpeg), expected)


@pytest.mark.parametrize("orientation", [1, 6])
def test_exif_of_a_png(orientation):
    png = encoded(Image.fromarray(PICTURE), "PNG")
    png = png[:33] + chunk(b"eXIf", exif(orientation)) + png[33:]
    np.testing.assert_array_equal(decode(png), decode_image(png, "photo"))


@pytest.mark.parametrize("content", [b"", b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0" + exif(6)[:20]])
def test_broken_exif_is_upright(content):
    jpeg = with_app1(encoded(Image.fromarray(PICTURE), "JPEG"), content)
    assert decode(jpeg).shape == (30, 43, 3)


def claims(width, height):
    """A PNG of few bytes whose header says it is large."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"0")) + chunk(b"IEND", b"")


def large_jpeg():
    jpeg = bytearray(encoded(Image.fromarray(PICTURE), "JPEG"))
    place = jpeg.index(b"\xff\xc0")
    jpeg[place + 5 : place + 9] = struct.pack(">HH", 20_000, 20_000)
    return bytes(jpeg)


JPEG = encoded(Image.fromarray(PICTURE), "JPEG")
REFUSED = {
    "empty": (b"", "the file is empty"),
    "text": (b"hello, world", "it is not an image and has to be JPEG or PNG"),
    "one byte": (b"\xff", "it is not an image"),
    "gif": (encoded(Image.fromarray(PICTURE), "GIF"), "it is GIF and has to be"),
    "bmp": (encoded(Image.fromarray(PICTURE), "BMP"), "it is BMP"),
    "tiff": (encoded(Image.fromarray(PICTURE), "TIFF"), "it is TIFF and"),
    "webp": (b"RIFF\x10\0\0\0WEBPVP8 ", "it is WebP"),
    "heif": (b"\0\0\0\x18ftypheic", "it is HEIF or AVIF"),
    "png bomb": (claims(20_000, 20_000), "it is 20000 x 20000 pixels, with a side above 200 (max_side)"),
    "png of 2^32": (claims(2**32 - 1, 2**32 - 1), "with a side above 200"),
    "png of nothing": (claims(0, 5), "its header is broken"),
    "many pixels": (claims(150, 100), "it is 100 x 150 pixels, more than 10000 (max_pixels)"),
    "jpeg bomb": (large_jpeg(), "it is 20000 x 20000 pixels"),
    "many bytes": (JPEG + bytes(100_000), "it has more than 100000 bytes (max_bytes)"),
    "half a jpeg": (JPEG[: len(JPEG) * 2 // 3], "the file is cut short"),
    "start of a jpeg": (JPEG[:20], "its header is broken"),
    "half a png": (encoded(Image.fromarray(PICTURE), "PNG")[:-20], "the file is cut short"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_said_before_decoding(name):
    data, message = REFUSED[name]
    with pytest.raises(tf.errors.InvalidArgumentError) as raised:
        decode(data)
    text = str(raised.value)
    assert f"image 3 of the batch ({len(data)} bytes): " in text and message in text


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_what_only_decoding_shows_names_the_photo_too(kind):
    data = bytearray(encoded(Image.fromarray(PICTURE), kind))
    place = data.index(b"IDAT" if kind == "PNG" else b"\xff\xc4")
    data[place + 6 : place + 20] = bytes([255] * 14)  # pixels, or a Huffman table, that mean nothing
    with pytest.raises(tf.errors.InvalidArgumentError) as raised:
        decode(bytes(data))
    assert f"image 3 of the batch ({len(data)} bytes): its {kind} data are broken" in str(raised.value)


def resident_peak():
    """Megabytes, of this process since the last time."""
    status = Path("/proc/self/status").read_text()
    Path("/proc/self/clear_refs").write_text("5")  # the peak becomes what is resident now
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1e3


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux tells a process's peak memory")
def test_a_bomb_is_refused_by_its_header_before_it_is_decoded():
    """A proper PNG of 20 kB whose pixels take 432 MB, which the decoder itself would take."""
    rows = zlib.compress(bytes(12_000 * (1 + 12_000 // 8)), 9)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 12_000, 12_000, 1, 0, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    assert len(bomb) < LIMITS.bytes
    decode(JPEG)
    resident_peak()
    before = resident_peak()
    with pytest.raises(tf.errors.InvalidArgumentError, match="it is 12000 x 12000 pixels"):
        decode(bomb)
    assert resident_peak() - before < 50


def test_1x1():
    for format in ("PNG", "JPEG"):
        assert decode(encoded(Image.new("RGB", (1, 1)), format)).shape == (1, 1, 3)
