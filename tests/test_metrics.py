"""The metrics against the package's own, in NumPy."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsfcn_tf.evaluation.metrics import formulas
from wsfcn_tf.metrics import MeanAveragePrecision, MeanIoU


def by_batches(metric, truth, predictions, size=7, weights=None):
    for start in range(0, len(truth), size):
        part = slice(start, start + size)
        metric.update_state(truth[part], predictions[part], None if weights is None else weights[part])
    return float(metric.result())


@given(st.integers(0, 10_000), st.integers(1, 40), st.floats(0.1, 30))
@settings(max_examples=30, deadline=None)
def test_map_is_that_of_the_bins_scores(seed, photos, spread):
    """Scores on the bins' centres: nothing is rounded."""
    rng = np.random.default_rng(seed)
    scores = (spread * rng.standard_normal((photos, 4))).clip(-16, 16)
    scores = 16 - np.round((16 - scores) * 1999 / 32) * 32 / 1999
    tags = rng.random((photos, 4)) < 0.3
    tags[0, 0] = True
    found = by_batches(MeanAveragePrecision(4), tags, scores.astype(np.float32))
    assert found == pytest.approx(formulas.mean_average_precision(tags, np.round(scores, 4)), abs=1e-5)


def test_map_of_a_network_s_scores(rng):
    tags = rng.random((500, 20)) < 0.1
    scores = 2 * tags + 1.5 * rng.standard_normal((500, 20)) - 3
    found = by_batches(MeanAveragePrecision(20), tags.astype(np.float32), scores)
    assert found == pytest.approx(formulas.mean_average_precision(tags, scores), abs=2e-3)


def test_a_weight_counts_a_photo_so_often(rng):
    tags, scores = rng.random((30, 3)) < 0.4, rng.standard_normal((30, 3))
    times = rng.integers(0, 4, 30)
    weighted = by_batches(MeanAveragePrecision(3), tags, scores, weights=times)
    repeated = by_batches(MeanAveragePrecision(3), tags.repeat(times, axis=0), scores.repeat(times, axis=0))
    assert weighted == pytest.approx(repeated, abs=1e-6) and 0 < weighted < 1


def test_what_lies_beyond_the_bins_counts_with_the_outermost():
    tags, scores = np.float32([[1], [0], [1], [0]]), np.float32([[100], [20], [-90], [-np.inf]])
    # the first two enter together, so do the others
    assert by_batches(MeanAveragePrecision(1), tags, scores) == pytest.approx((0.5 + 0.5) / 2)


def test_miou_is_that_of_the_arg_max(rng):
    truth = rng.integers(0, 4, (5, 6, 7)).astype(np.uint8)
    truth[rng.random(truth.shape) < 0.2] = 255
    masks = rng.random((5, 6, 7, 4)).astype(np.float32)
    found = by_batches(MeanIoU(3), truth, masks, size=2)
    matrix = formulas.confusion_matrix(truth, masks.argmax(-1), 4)
    assert found == pytest.approx(formulas.mean_iou(matrix), abs=1e-6)


@pytest.mark.parametrize("metric", [MeanAveragePrecision(3), MeanIoU(3, name="mine")], ids=["map", "miou"])
def test_keras_describes_and_makes_them(metric):
    clone = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(metric))
    assert type(clone) is type(metric) and clone.get_config() == metric.get_config()
    assert float(clone.result()) == 0
