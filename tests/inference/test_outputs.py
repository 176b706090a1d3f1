import json
from dataclasses import asdict

import numpy as np
import pytest
from memory_photos import files_below, make_photo
from PIL import Image

from wsfcn_tf.config import CRFConfig, InferenceConfig
from wsfcn_tf.errors import UserError
from wsfcn_tf.inference.outputs import RECORD, MasksAndOverlays, WithProbabilities, describe, predict_jobs, write_record
from wsfcn_tf.inference.photos import named_photos
from wsfcn_tf.inference.prediction import Prediction
from wsfcn_tf.inference.stream import one_by_one
from wsfcn_tf.inference.views import in_own_size

CLASSES = ("cat", "dog")


def top_row_is_dog(image):
    labels = np.zeros(image.shape[:2], np.uint8)
    labels[0] = 2
    masks = np.eye(3, dtype=np.float32)[labels]
    return Prediction(labels, np.array([0.8, 0.417], np.float32), masks, raw_masks=0.3 * masks)


def nothing(image):
    labels = np.zeros(image.shape[:2], np.uint8)
    return Prediction(labels, np.zeros(2, np.float32), np.eye(3, dtype=np.float32)[labels])


def predict(predictor, paths, output, probabilities=False, resume=False):
    jobs = named_photos(paths, output)
    files = WithProbabilities(MasksAndOverlays()) if probabilities else None
    return predict_jobs(one_by_one(predictor), jobs, found, resume=resume, output=files)


def found(prediction):
    return describe(prediction, CLASSES)


def test_each_photo_has_a_palette_mask_and_an_overlay(tmp_path):
    for name in ("a.jpg", "b/c.png"):
        make_photo(tmp_path / "in" / name)
    masks = predict(top_row_is_dog, [tmp_path / "in"], tmp_path / "out")
    assert masks == [tmp_path / "out" / "a.png", tmp_path / "out" / "b" / "c.png"]
    assert files_below(tmp_path / "out") == {"a.png", "a_overlay.jpg", "b/c.png", "b/c_overlay.jpg"}
    with Image.open(masks[0]) as mask, Image.open(tmp_path / "out" / "a_overlay.jpg") as tinted:
        assert (mask.mode, tinted.format, tinted.size) == ("P", "JPEG", (6, 4))
        np.testing.assert_array_equal(np.asarray(mask), [[2] * 6] + [[0] * 6] * 3)


def test_prints_the_tags_found(tmp_path, capsys):
    photo = make_photo(tmp_path / "a.jpg")
    predict(top_row_is_dog, [photo], tmp_path / "out")
    predict(nothing, [photo], tmp_path / "out")
    printed = [line for line in capsys.readouterr().out.splitlines() if line]
    assert printed == [f"{photo}: dog 0.42", f"{photo}: nothing found"]


def test_probabilities_are_the_network_s_own(tmp_path):
    predict(top_row_is_dog, [make_photo(tmp_path / "a.jpg")], tmp_path / "out", probabilities=True)
    with np.load(tmp_path / "out" / "a.npz") as saved:
        assert saved["masks"].dtype == np.float16 and saved["masks"].shape == (4, 6, 3)
        np.testing.assert_allclose(saved["masks"][0, 0], [0, 0, 0.3], atol=1e-3)
        np.testing.assert_array_equal(saved["scores"], np.array([0.8, 0.417], np.float32))


def test_probabilities_of_a_photo_that_was_looked_at_smaller_are_of_its_size(tmp_path):
    def looks_at_half(image):
        return in_own_size(top_row_is_dog(image[::2, ::2]), image.shape[:2])

    predict(looks_at_half, [make_photo(tmp_path / "a.jpg")], tmp_path / "out", probabilities=True)
    with np.load(tmp_path / "out" / "a.npz") as saved, Image.open(tmp_path / "out" / "a.png") as mask:
        assert saved["masks"].shape == (4, 6, 3)
        np.testing.assert_array_equal(saved["masks"].argmax(axis=-1), np.asarray(mask))


def test_photos_that_cannot_be_read_do_not_keep_others_from_their_masks(tmp_path, capsys):
    for name in "abcd":
        make_photo(tmp_path / "in" / f"{name}.jpg")
    for name in "ac":
        (tmp_path / "in" / f"{name}.jpg").write_bytes(b"")
    with pytest.raises(UserError) as error:
        predict(nothing, [tmp_path / "in"], tmp_path / "out")
    reason = "the image file is empty: copy it again or remove it from the data"
    reasons = "; ".join(f"{tmp_path}/in/{name}.jpg: {reason}" for name in "ac")
    assert str(error.value) == f"2 of 4 photos left out, all others done: {reasons}"
    assert files_below(tmp_path / "out") == {"b.png", "b_overlay.jpg", "d.png", "d_overlay.jpg"}
    assert f"{tmp_path}/in/a.jpg: left out\n" in capsys.readouterr().out


def test_a_photo_that_is_refused_is_left_out(tmp_path):
    def picky(photos):
        for photo in photos:
            assert photo.file == tmp_path / "in" / f"{photo.file.stem}.jpg" and photo.name == str(photo.file)
            yield photo, UserError("b is not liked") if photo.file.stem == "b" else nothing(photo.image)

    for name in "abc":
        make_photo(tmp_path / "in" / f"{name}.jpg")
    jobs = named_photos([tmp_path / "in"], tmp_path / "out")
    with pytest.raises(UserError, match=r"^1 of 3 photos left out, all others done: b is not liked$"):
        predict_jobs(picky, jobs, found, resume=False)
    assert files_below(tmp_path / "out") == {"a.png", "a_overlay.jpg", "c.png", "c_overlay.jpg"}


# === Resuming ===


@pytest.mark.parametrize("lost", ["b.png", "b_overlay.jpg", "b.npz"])
def test_resuming_predicts_what_is_not_complete(tmp_path, lost, capsys):
    for name in "abc":
        make_photo(tmp_path / "in" / f"{name}.jpg")
    predict(nothing, [tmp_path / "in"], tmp_path / "out", probabilities=True)
    whole = files_below(tmp_path / "out")
    (tmp_path / "out" / lost).unlink()
    capsys.readouterr()
    masks = predict(top_row_is_dog, [tmp_path / "in"], tmp_path / "out", probabilities=True, resume=True)
    assert capsys.readouterr().out.splitlines()[0] == "2 of 3 photos are done already"
    assert [np.asarray(Image.open(mask)).any() for mask in masks] == [False, True, False]
    assert files_below(tmp_path / "out") == whole


def test_resuming_with_probabilities_where_there_were_none(tmp_path):
    make_photo(tmp_path / "in" / "a.jpg")
    predict(nothing, [tmp_path / "in"], tmp_path / "out")
    predict(nothing, [tmp_path / "in"], tmp_path / "out", probabilities=True, resume=True)
    assert "a.npz" in files_below(tmp_path / "out")


def test_what_was_made_in_another_way_is_not_resumed(tmp_path):
    write_record(tmp_path, {"classes": ("cat",), "inference": {"scales": (1.0,)}}, resume=True)
    write_record(tmp_path, {"classes": ["cat"], "inference": {"scales": [1.0]}}, resume=True)
    with pytest.raises(UserError) as error:
        write_record(tmp_path, {"classes": ["cat"], "inference": {"scales": [2.0]}}, resume=True)
    assert str(error.value) == (
        f"{tmp_path / RECORD}: what is there was made with inference.scales [1.0], this would be with [2.0]: "
        "choose another --output, or predict without --resume, which writes all anew"
    )
    write_record(tmp_path, {"classes": ["dog"]}, resume=False)
    assert json.loads((tmp_path / RECORD).read_text()) == {"classes": ["dog"]}
    (tmp_path / RECORD).write_text("{")
    with pytest.raises(UserError, match="cannot be read: predict without --resume"):
        write_record(tmp_path, {"classes": ["dog"]}, resume=True)


def test_a_record_of_an_earlier_version_has_the_defaults_of_later_keys(tmp_path):
    today = asdict(InferenceConfig(scales=(1.0,), crf=CRFConfig(iterations=5)))
    earlier = {key: value for key, value in today.items() if key not in ("saliency", "window_scales")}
    earlier["crf"] = {"iterations": 5}
    write_record(tmp_path, {"inference": earlier}, resume=False)
    write_record(tmp_path, {"inference": today}, resume=True)
    for changed, told in (({"saliency": 5.0}, "inference.saliency 0"), ({"crf": None}, "inference.crf {")):
        write_record(tmp_path, {"inference": earlier}, resume=False)
        with pytest.raises(UserError, match=f"was made with {told}"):
            write_record(tmp_path, {"inference": today | changed}, resume=True)


def test_a_record_with_a_key_that_is_no_longer_there_is_not_resumed(tmp_path):
    (tmp_path / RECORD).write_text(json.dumps({"inference": {"views": 3}}))
    with pytest.raises(UserError, match=r"prediction.json: inference.views .*predict without --resume"):
        write_record(tmp_path, {"inference": {"scales": [1.0]}}, resume=True)
