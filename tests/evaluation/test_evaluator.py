import json

import numpy as np
import pytest
from memory_dataset import MemoryDataset

from wsfcn_tf.errors import UserError, refuse
from wsfcn_tf.evaluation.evaluator import evaluate, ground_truth_tags
from wsfcn_tf.inference.prediction import Prediction
from wsfcn_tf.inference.stream import one_by_one

CLASSES = ("cat", "dog", "emu")


def blank(height, width):
    return np.zeros((height, width, 3), np.uint8)


def predict_cat_on_the_left(image):
    """Left half cat; scored higher in wider photos."""
    labels = np.zeros(image.shape[:2], np.uint8)
    labels[:, : image.shape[1] // 2] = 1
    return Prediction(
        labels, np.array([image.shape[1] / 10, 0.5, 0.5], np.float32), np.eye(4, dtype=np.float32)[labels]
    )


CATS = one_by_one(predict_cat_on_the_left)


@pytest.fixture
def dataset():
    masks = {
        "wide": np.array([[1, 1, 0, 0], [1, 255, 0, 2]], np.uint8),
        "narrow": np.array([[0, 0], [0, 0]], np.uint8),
    }
    return MemoryDataset(CLASSES, {name: blank(*mask.shape) for name, mask in masks.items()}, masks=masks)


def test_scores_add_up_over_images(dataset):
    seen = []
    metrics = evaluate(CATS, dataset, "val", progress=False, on_image=lambda *arguments: seen.append(arguments))
    # Counted: wide 3 cat hits, 3 background hits, 1 missed dog; narrow 2 background hits, 2 cats too many.
    np.testing.assert_array_equal(metrics.confusion, [[5, 2, 0, 0], [0, 3, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]])
    assert metrics.class_iou == pytest.approx(
        {"background": 5 / 8, "cat": 3 / 5, "dog": 0.0, "emu": np.nan}, nan_ok=True
    )
    assert metrics.miou == pytest.approx((5 / 8 + 3 / 5 + 0) / 3)
    assert metrics.pixel_accuracy == pytest.approx(8 / 11)
    assert metrics.map == pytest.approx((1.0 + 0.5) / 2)  # cat ranked right, dog tied
    assert metrics.images == 2
    name, image, truth, prediction = seen[1]
    assert (name, image.shape, truth.shape, prediction.labels.tolist()) == ("narrow", (2, 2, 3), (2, 2), [[1, 0]] * 2)


def test_true_classes_come_from_the_masks_and_255_is_none():
    dataset = MemoryDataset(CLASSES, {"a": blank(1, 2)}, masks={"a": np.array([[255, 2]], np.uint8)})
    metrics = evaluate(CATS, dataset, "val", progress=False)
    np.testing.assert_array_equal(metrics.confusion, np.eye(4, dtype=int)[2:3].T @ np.eye(4, dtype=int)[:1])
    assert metrics.map == 1.0 and metrics.pixel_accuracy == 0.0


def test_binary_masks_are_refused():
    """0 and 255 where a thing is, which would be ignored."""
    masks = {"a": np.array([[0, 255]], np.uint8), "b": np.array([[0, 0]], np.uint8)}
    dataset = MemoryDataset(CLASSES, {name: blank(1, 2) for name in masks}, masks=masks)
    with pytest.raises(
        UserError, match=r"the masks of val hold no class, .* --set 'data.mask_values=\{0: background, 255: cat\}'$"
    ):
        evaluate(CATS, dataset, "val", progress=False)
    masks["b"][0, 0] = 1
    assert evaluate(CATS, dataset, "val", progress=False).images == 2


def test_background_alone_can_be_compared_with():
    dataset = MemoryDataset(CLASSES, {"a": blank(1, 2)}, masks={"a": np.array([[0, 0]], np.uint8)})
    assert evaluate(CATS, dataset, "val", progress=False).pixel_accuracy == 0.5


def test_json_has_no_nan(dataset):
    written = json.loads(json.dumps(evaluate(CATS, dataset, "val", progress=False).to_json(), allow_nan=False))
    assert list(written["class_iou"]) == ["background", *CLASSES]
    assert written["class_iou"]["emu"] is None
    assert written["confusion"][0] == [5, 2, 0, 0]
    assert written["images"] == 2


def test_a_mis_sized_mask_is_an_error():
    dataset = MemoryDataset(CLASSES, {"a": blank(3, 5)}, masks={"a": np.zeros((5, 3), np.uint8)})
    with pytest.raises(UserError, match=r"^a: the photo is 5x3 pixels but its mask 3x5: mend one of them$"):
        evaluate(CATS, dataset, "val", progress=False)


def test_a_missing_mask_is_an_error():
    dataset = MemoryDataset(CLASSES, {"a": blank(3, 5)})
    with pytest.raises(UserError, match=r"^a: no mask$"):
        evaluate(CATS, dataset, "val", progress=False)


# === Tags at inference ===


def keeps_what_it_is_told(photos):
    """Everything is the first class that the photo's tags name."""
    for photo in photos:
        labels = np.full(photo.image.shape[:2], 1 + photo.tags.argmax(), np.uint8)
        yield photo, Prediction(labels, photo.tags, np.eye(4, dtype=np.float32)[labels])


@pytest.mark.parametrize(
    ("tags", "source", "hits"), [({}, "the masks", 3), ({"wide": [0, 1, 0], "narrow": [1, 0, 0]}, "the data's tags", 1)]
)
def test_the_predictor_is_given_tags(dataset, tags, source, hits):
    dataset._tags = tags
    dataset.tags = lambda name: MemoryDataset.tags(dataset, name) if tags else refuse(f"{name}: no tags")
    tags_of, found = ground_truth_tags(dataset, "val")
    metrics = evaluate(keeps_what_it_is_told, dataset, "val", tags_of=tags_of, progress=False)
    assert found == source
    assert np.trace(metrics.confusion) == hits


def test_predictions_may_lag_behind_the_photos(dataset):
    def all_at_once(photos):
        return CATS(list(photos))

    late, prompt = (evaluate(predict, dataset, "val", progress=False) for predict in (all_at_once, CATS))
    np.testing.assert_array_equal(late.confusion, prompt.confusion)
