import numpy as np
import pytest
from PIL import Image

from wsfcn_tf.errors import UserError
from wsfcn_tf.inference.photos import predict_photos
from wsfcn_tf.inference.prediction import Prediction

CLASSES = ("cat", "dog")


def top_row_is_dog(image):
    labels = np.zeros(image.shape[:2], np.uint8)
    labels[0] = 2
    return Prediction(labels, np.array([0.8, 0.417], np.float32), np.eye(3, dtype=np.float32)[labels])


def nothing(image):
    labels = np.zeros(image.shape[:2], np.uint8)
    return Prediction(labels, np.zeros(2, np.float32), np.eye(3, dtype=np.float32)[labels])


def make_photo(path, size=(6, 4)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (200, 200, 200)).save(path)
    return path


def files_below(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_folders_keep_their_structure_and_files_stand_on_top(tmp_path):
    make_photo(tmp_path / "in" / "a.jpg")
    make_photo(tmp_path / "in" / "deep" / "er" / "B.PNG")
    (tmp_path / "in" / "notes.txt").write_text("not a photo")
    single = make_photo(tmp_path / "elsewhere" / "c.v2.png")
    masks = predict_photos(top_row_is_dog, [tmp_path / "in", str(single)], tmp_path / "out", CLASSES)
    stems = ("a", "deep/er/B", "c.v2")
    assert masks == [tmp_path / "out" / f"{stem}.png" for stem in stems]
    assert files_below(tmp_path / "out") == {f"{stem}{end}" for stem in stems for end in (".png", "_overlay.jpg")}
    with Image.open(masks[0]) as mask, Image.open(tmp_path / "out" / "a_overlay.jpg") as tinted:
        assert (mask.mode, tinted.format, tinted.size) == ("P", "JPEG", (6, 4))
        np.testing.assert_array_equal(np.asarray(mask), [[2] * 6] + [[0] * 6] * 3)


def test_prints_the_tags_found(tmp_path, capsys):
    photo = make_photo(tmp_path / "a.jpg")
    predict_photos(top_row_is_dog, [photo], tmp_path / "out", CLASSES)
    predict_photos(nothing, [photo], tmp_path / "out", CLASSES)
    printed = [line for line in capsys.readouterr().out.splitlines() if line]
    assert printed == [f"{photo}: dog 0.42", f"{photo}: nothing found"]


def test_an_output_inside_the_input_is_not_searched(tmp_path):
    make_photo(tmp_path / "a.jpg")
    for _ in range(2):
        predict_photos(nothing, [tmp_path], tmp_path / "out", CLASSES)
    assert files_below(tmp_path / "out") == {"a.png", "a_overlay.jpg"}


def test_a_photo_named_twice_is_predicted_once(tmp_path):
    photo = make_photo(tmp_path / "in" / "a.jpg")
    assert len(predict_photos(nothing, [tmp_path / "in", photo], tmp_path / "out", CLASSES)) == 1


def test_photos_that_cannot_be_read_do_not_keep_others_from_their_masks(tmp_path, capsys):
    for name in "abcd":
        make_photo(tmp_path / "in" / f"{name}.jpg")
    for name in "ac":
        (tmp_path / "in" / f"{name}.jpg").write_bytes(b"")
    with pytest.raises(UserError) as error:
        predict_photos(nothing, [tmp_path / "in"], tmp_path / "out", CLASSES)
    reason = "the image file is empty: copy it again or remove it from the data"
    reasons = "; ".join(f"{tmp_path}/in/{name}.jpg: {reason}" for name in "ac")
    assert str(error.value) == f"2 of 4 photos left out, all others done: {reasons}"
    assert files_below(tmp_path / "out") == {"b.png", "b_overlay.jpg", "d.png", "d_overlay.jpg"}
    assert f"{tmp_path}/in/a.jpg: left out\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("photos", "paths", "output", "message"),
    [
        ([], ["."], "out", r"^no photo in \S+: looked for \.\w+"),
        ([], ["gone"], "out", r"^\S+gone: no such photo or folder$"),
        (["a.jpg", "a.png"], ["."], "out", r"a\.jpg and \S+a\.png would both be written to \S+a\.png: rename"),
        (["x/a.jpg", "y/a.jpg"], ["x", "y"], "out", r"x/a\.jpg and \S+y/a\.jpg would both be written"),
        (["a.jpg"], ["."], ".", r"is searched for photos and is also the output"),
        (["a.png"], ["a.png"], ".", r"a\.png is a photo that predicting \S+a\.png would overwrite"),
    ],
)
def test_mistakes_are_found_before_anything_is_written(tmp_path, photos, paths, output, message):
    for name in photos:
        make_photo(tmp_path / name)
    before = files_below(tmp_path)
    with pytest.raises(UserError, match=message) as error:
        predict_photos(nothing, [tmp_path / path for path in paths], tmp_path / output, CLASSES)
    assert "\n" not in str(error.value)
    assert files_below(tmp_path) == before
