import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps
from small_photos import save_photo

from wsfcn_tf.data.photos.images import read_image
from wsfcn_tf.errors import UserError

ROWS, COLUMNS = np.mgrid[:60, :80]
RGB = np.stack([3 * COLUMNS, 4 * ROWS, ROWS + COLUMNS], axis=-1).astype(np.uint8)


def saved(path: Path, image: Image.Image, **options) -> Path:
    image.save(path, **options)
    return path


def test_rgb_png_is_exact(tmp_path):
    image = read_image(saved(tmp_path / "a.png", Image.fromarray(RGB)))
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image, RGB)


def test_path_may_hold_any_character(tmp_path):
    np.testing.assert_array_equal(read_image(saved(tmp_path / "größe 写真.png", Image.fromarray(RGB))), RGB)


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_greyscale_becomes_rgb(tmp_path, suffix):
    image = read_image(saved(tmp_path / f"a{suffix}", Image.fromarray(RGB[..., 0])))
    assert image.shape == (60, 80, 3)
    assert np.array_equal(image[..., 0], image[..., 1]) and np.array_equal(image[..., 0], image[..., 2])
    np.testing.assert_allclose(image[..., 0], RGB[..., 0], atol=4)


def test_alpha_lies_on_white(tmp_path):
    rgba = np.dstack([RGB, np.uint8(COLUMNS)])
    expected = (RGB * (COLUMNS[..., None] / 255) + 255 - COLUMNS[..., None]).round()
    np.testing.assert_allclose(read_image(saved(tmp_path / "a.png", Image.fromarray(rgba))), expected, atol=1)
    grey_and_alpha = Image.fromarray(RGB[..., 0]).convert("LA")  # opaque
    np.testing.assert_array_equal(read_image(saved(tmp_path / "b.png", grey_and_alpha)), RGB[..., :1].repeat(3, -1))


def test_palette_photo(tmp_path):
    image = Image.fromarray(RGB).convert("P")
    np.testing.assert_array_equal(read_image(saved(tmp_path / "a.png", image)), np.array(image.convert("RGB")))


def test_cmyk_as_pillow_converts_it(tmp_path):
    path = saved(tmp_path / "a.jpg", Image.fromarray(RGB).convert("CMYK"), quality=95)
    with Image.open(path) as image:
        assert image.mode == "CMYK"
        np.testing.assert_allclose(read_image(path), np.array(image.convert("RGB")), atol=2)


@pytest.mark.parametrize("channels", [1, 3])
def test_16_bit_is_divided_by_256(tmp_path, channels):
    values = np.arange(256 * 256, dtype=np.uint16).reshape(256, 256)
    (tmp_path / "a.png").write_bytes(cv2.imencode(".png", cv2.merge([values] * channels))[1].tobytes())
    expected = np.uint8(values >> 8)[..., None].repeat(3, axis=-1)
    np.testing.assert_allclose(read_image(tmp_path / "a.png"), expected, atol=1)


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_applied(tmp_path, orientation, suffix):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path / f"a{suffix}", Image.fromarray(RGB), exif=exif)
    with Image.open(path) as image:
        np.testing.assert_allclose(read_image(path), np.array(ImageOps.exif_transpose(image)), atol=2)


def test_missing_file(tmp_path):
    with pytest.raises(UserError) as error:
        read_image(tmp_path / "a.jpg")
    assert str(error.value) == f"{tmp_path}/a.jpg: there is no such file: add it or remove it from the data"


def test_empty_file(tmp_path):
    (tmp_path / "a.jpg").touch()
    with pytest.raises(UserError) as error:
        read_image(tmp_path / "a.jpg")
    assert str(error.value) == f"{tmp_path}/a.jpg: the image file is empty: copy it again or remove it from the data"


def test_folder_instead_of_file(tmp_path):
    with pytest.raises(UserError, match=r"cannot be opened: Is a directory$"):
        read_image(tmp_path)


@pytest.mark.parametrize("content", [b"<html>not a photo</html>", b"\xff\xd8\xff\xd9"])
def test_not_an_image(tmp_path, content):
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(UserError) as error:
        read_image(tmp_path / "a.jpg")
    assert str(error.value) == f"{tmp_path}/a.jpg: cannot be read as an image: replace it or remove it from the data"


def encoded(image: Image.Image, **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, **options)
    return stream.getvalue()


NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8))


@pytest.mark.parametrize("options", [{"format": "JPEG"}, {"format": "JPEG", "progressive": True}, {"format": "PNG"}])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.999])
def test_file_that_is_cut_short(tmp_path, options, share):
    data = encoded(NOISE, **options)
    path = tmp_path / "a.jpg"
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(UserError) as error:
        read_image(path)
    assert str(error.value) == f"{path}: the image file is cut short: copy it again or remove it from the data"


def test_markers_of_thumbnails_and_trailing_data_are_not_the_photo_s(tmp_path):
    """A phone's JPEG: a whole JPEG in its header, and after its end any bytes, such as a video."""
    data = encoded(NOISE, format="JPEG")
    thumbnail = b"Exif\x00\x00" + encoded(NOISE.resize((8, 8)), format="JPEG")
    header = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail
    path = tmp_path / "a.jpg"
    path.write_bytes(data[:2] + header + data[2:] + b"video \xff\xda video")
    assert read_image(path).shape == (60, 80, 3)
    path.write_bytes(data[:2] + header + data[2:-100])
    with pytest.raises(UserError, match="cut short"):
        read_image(path)


def test_png_chunk_that_says_it_is_longer_than_the_file(tmp_path):
    """OpenCV would take 2.7 GB for it."""
    save_photo(tmp_path / "a.png")
    data = bytearray((tmp_path / "a.png").read_bytes())
    data[8] = 0xA2
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(UserError) as error:
        read_image(tmp_path / "a.png")
    advice = "copy it again or remove it from the data"
    assert str(error.value) == f"{tmp_path}/a.png: the image file is cut short: {advice}"
