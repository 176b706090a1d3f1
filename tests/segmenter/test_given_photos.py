"""What can be given as photos."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from wsfcn_tf.errors import UserError
from wsfcn_tf.segmenter.photos import is_one, read_photos

PHOTO = np.random.default_rng(3).integers(0, 256, (6, 9, 3), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "b").mkdir()
    for name in ("b/2.png", "a.png"):
        Image.fromarray(PHOTO).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no photo")
    (tmp_path / "masks").mkdir()
    Image.fromarray(PHOTO[..., 0]).save(tmp_path / "masks" / "a.png")  # nor this
    return tmp_path


def png() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(PHOTO).save(buffer, "PNG")
    return buffer.getvalue()


def test_one_photo(folder):
    for photo in (folder / "a.png", str(folder / "a.png"), png(), PHOTO, Image.fromarray(PHOTO)):
        assert is_one(photo)
        (given,) = read_photos(photo)
        np.testing.assert_array_equal(given.image, PHOTO)
        assert given.name == (str(folder / "a.png") if isinstance(photo, (str, Path)) else "photo 1")


def test_several_photos(folder):
    for photos in (folder, [png(), PHOTO], np.stack([PHOTO, PHOTO]), iter([folder / "a.png", folder / "b/2.png"])):
        assert not is_one(photos)
        given = list(read_photos(photos))
        assert len(given) == 2 and all(np.array_equal(one.image, PHOTO) for one in given)
    assert [one.name for one in read_photos(folder)] == [str(folder / "a.png"), str(folder / "b/2.png")]
    assert [one.name for one in read_photos([PHOTO, PHOTO])] == ["photo 1", "photo 2"]


def test_a_file_is_sent_as_it_is(folder):
    assert next(read_photos(folder / "a.png")).sent == folder / "a.png"
    assert next(read_photos(png())).sent == png()
    assert next(read_photos(Image.fromarray(PHOTO))).sent is not None


def test_photos_are_read_when_it_is_their_turn(folder):
    photos = read_photos([folder / "a.png", folder / "gone.png"])
    next(photos)
    with pytest.raises(UserError, match=r"gone\.png: there is no such file"):
        next(photos)


def test_pictures_on_their_side_are_turned():
    picture = Image.fromarray(PHOTO)
    picture.getexif()[0x0112] = 6
    (given,) = read_photos(picture)
    np.testing.assert_array_equal(given.image, np.rot90(PHOTO, -1))


def test_pictures_lie_on_white_as_files_do():
    picture = Image.fromarray(np.dstack([PHOTO, np.zeros_like(PHOTO[..., 0])]))
    (given,) = read_photos(picture)
    assert (given.image == 255).all()


@pytest.mark.parametrize(
    ("photo", "line"),
    [
        (PHOTO / 255.0, r"photo 1: .* is uint8 RGB \[H, W, 3\], not float64 \[6, 9, 3\]: neither normalise nor scale"),
        (PHOTO[..., 0], r"photo 1: .* not uint8 \[6, 9\]"),
        (PHOTO[:0], r"photo 1: .* not uint8 \[0, 9, 3\]"),
        ([PHOTO, 3], r"photo 2: a photo is a path, a file's bytes or uint8 RGB \[H, W, 3\], not int"),
        (b"GIF?", r"photo 1: cannot be read as an image"),
    ],
)
def test_what_is_no_photo(photo, line):
    with pytest.raises(UserError, match=line):
        list(read_photos(photo))


def test_a_folder_without_photos(tmp_path):
    with pytest.raises(UserError, match="holds no photo"):
        list(read_photos(tmp_path))
