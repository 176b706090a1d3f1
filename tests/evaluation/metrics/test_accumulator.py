import json

import numpy as np
import pytest

from wsfcn_tf.evaluation.metrics.accumulator import Accumulator
from wsfcn_tf.evaluation.metrics.boundary import band_width, boundary_iou, boundary_matrix, trimap_matrix
from wsfcn_tf.evaluation.metrics.formulas import confusion_matrix, iou, mean_average_precision, mean_iou, pixel_accuracy


@pytest.fixture
def images(rng):
    """Truth, labels and scores of six photos of several sizes and three classes, the last of which is nowhere."""
    images = []
    for i in range(6):
        truth = np.kron(rng.integers(0, 3, (4, 5)), np.ones((9 + i, 8))).astype(np.uint8)
        labels = np.where(rng.random(truth.shape) < 0.1, 1, truth).astype(np.uint8)
        truth[::7] = 255
        images.append((truth, labels, rng.random(3).astype(np.float32)))
    return images


@pytest.fixture
def metrics(images):
    accumulator = Accumulator(["cat", "dog", "emu"])
    for index, image in enumerate(images):
        accumulator.add(f"photo {index}", *image)
    return accumulator.metrics()


def test_every_figure_is_that_of_all_pixels(metrics, images):
    confusion = sum(confusion_matrix(truth, labels, 4) for truth, labels, _ in images)
    boundary = sum(boundary_matrix(truth, labels, 4, band_width(*truth.shape)) for truth, labels, _ in images)
    trimap = sum(trimap_matrix(truth, labels, 4, band_width(*truth.shape)) for truth, labels, _ in images)
    tags = np.array([[label in truth for label in (1, 2, 3)] for truth, _, _ in images])
    assert metrics.miou == mean_iou(confusion)
    assert metrics.miou_foreground == pytest.approx(iou(confusion)[1:3].mean())
    assert metrics.pixel_accuracy == pixel_accuracy(confusion)
    assert metrics.mean_accuracy == pytest.approx((np.diag(confusion)[:3] / confusion.sum(axis=1)[:3]).mean())
    assert list(metrics.class_boundary_iou.values()) == pytest.approx(boundary_iou(boundary), nan_ok=True)
    assert metrics.boundary_iou == pytest.approx(boundary_iou(boundary)[:3].mean())
    assert (metrics.trimap_miou, metrics.trimap_accuracy) == (mean_iou(trimap), pixel_accuracy(trimap))
    assert metrics.map == mean_average_precision(tags, np.stack([scores for _, _, scores in images]))
    assert metrics.class_precision["dog"] == confusion[2, 2] / confusion[:, 2].sum()
    assert metrics.class_recall["dog"] == confusion[2, 2] / confusion[2].sum()
    assert np.isnan([metrics.class_iou["emu"], metrics.class_precision["emu"], metrics.class_recall["emu"]]).all()
    low, high = metrics.miou_interval
    assert low < metrics.miou < high < low + 0.1
    assert (metrics.images, metrics.per_image.names[5]) == (6, "photo 5")
    np.testing.assert_array_equal(metrics.per_image.matrix(5), confusion_matrix(*images[5][:2], 4))


def test_json_holds_every_figure_and_no_nan(metrics):
    written = json.loads(json.dumps(metrics.to_json(), allow_nan=False))
    assert {name for name in dir(type(metrics)) if isinstance(getattr(type(metrics), name), property)} <= set(written)
    assert written["miou_interval"] == list(metrics.miou_interval)
    assert written["class_recall"]["emu"] is None
    assert written["confusion"] == metrics.confusion.tolist()


def test_map_needs_scores(images):
    accumulator = Accumulator(["cat", "dog", "emu"])
    for truth, labels, _ in images:
        accumulator.add("a", truth, labels, None)
    assert np.isnan(accumulator.metrics().map)


def test_shapes_and_labels_are_checked():
    accumulator = Accumulator(["cat"])
    with pytest.raises(ValueError, match="truth has shape"):
        accumulator.add("a", np.zeros((2, 3), np.uint8), np.zeros((3, 2), np.uint8), None)
    with pytest.raises(ValueError, match="prediction holds labels 0 to 2"):
        accumulator.add("a", np.zeros((1, 2), np.uint8), np.array([[0, 2]], np.uint8), None)
