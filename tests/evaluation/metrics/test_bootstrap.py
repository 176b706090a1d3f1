import numpy as np
import pytest

from wsfcn_tf.evaluation.metrics.bootstrap import interval, resampled_counts
from wsfcn_tf.evaluation.metrics.formulas import class_counts, iou_of_counts, mean, mean_iou


@pytest.fixture
def matrices(rng):
    """The confusion matrices of 30 images with 4 labels."""
    return rng.integers(0, 200, (30, 4, 4)) * (rng.random((30, 4, 4)) < 0.4)


def counts_of(matrices):
    return np.stack([class_counts(matrix) for matrix in matrices])


def test_resampling_counts_is_resampling_confusion_matrices(matrices):
    (resampled,) = resampled_counts([counts_of(matrices)], seed=7, resamples=120)
    generator = np.random.default_rng(7)
    for counts in resampled:
        drawn = matrices[generator.integers(30, size=30)].sum(axis=0)
        np.testing.assert_array_equal(counts, class_counts(drawn))
        assert mean(iou_of_counts(counts)) == mean_iou(drawn)
    assert len(resampled) == 120


def test_all_predictors_get_the_same_draws(matrices):
    counts = counts_of(matrices)
    first, second, alone = *resampled_counts([counts, 2 * counts]), *resampled_counts([counts])
    np.testing.assert_array_equal(2 * first, second)
    np.testing.assert_array_equal(first, alone)
    assert not np.array_equal(first, resampled_counts([counts], seed=1)[0])


def test_the_interval_of_a_mean_is_the_textbooks():
    """Images of 100 pixels of one class, of which so many are right: accuracy's interval is that of a mean."""
    hits = np.random.default_rng(0).integers(0, 101, 400)
    counts = np.stack([hits, np.full(400, 100), hits], axis=1)[:, :, None]
    (resampled,) = resampled_counts([counts])
    low, high = interval(resampled[:, 0, 0] / resampled[:, 1, 0])
    error = 1.96 * hits.std() / 100 / 20
    assert (low, high) == pytest.approx((hits.mean() / 100 - error, hits.mean() / 100 + error), abs=0.15 * error)


def test_interval():
    assert interval(np.arange(1001.0)) == (25, 975)
    assert interval(np.array([np.nan, 3.0])) == (3, 3)
    assert np.isnan(interval(np.array([np.nan]))).all()
