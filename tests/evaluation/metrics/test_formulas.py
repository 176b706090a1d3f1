import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from wsfcn_tf.evaluation.metrics.formulas import (
    accuracy_of_counts,
    average_precision,
    class_counts,
    confusion_matrix,
    iou,
    iou_of_counts,
    mean,
    mean_accuracy,
    mean_average_precision,
    mean_iou,
    pixel_accuracy,
    precision,
    recall,
)

truths = arrays(np.uint8, (5, 7), elements=st.sampled_from([0, 1, 2, 3, 255]))
predictions = arrays(np.uint8, (5, 7), elements=st.integers(0, 3))


@given(truths, predictions)
def test_confusion_matrix_counts_pairs(truth, prediction):
    expected = [[np.sum((truth == i) & (prediction == j)) for j in range(4)] for i in range(4)]
    matrix = confusion_matrix(truth, prediction, 4)
    np.testing.assert_array_equal(matrix, expected)
    assert matrix.dtype == np.int64


@given(truths, predictions)
def test_iou_and_accuracy_are_set_arithmetic(truth, prediction):
    matrix = confusion_matrix(truth, prediction, 4)
    counted = truth != 255
    for k, value in enumerate(iou(matrix)):
        true, predicted = counted & (truth == k), counted & (prediction == k)
        union = np.sum(true | predicted)
        assert value == np.sum(true & predicted) / union if union else np.isnan(value)
    if counted.any():
        assert pixel_accuracy(matrix) == np.mean(truth[counted] == prediction[counted])
        assert mean_iou(matrix) == np.nanmean(iou(matrix))
    else:
        assert np.isnan(pixel_accuracy(matrix))
        assert np.isnan(mean_iou(matrix))


@given(truths, predictions)
def test_precision_and_recall_are_set_arithmetic(truth, prediction):
    matrix = confusion_matrix(truth, prediction, 4)
    counted = truth != 255
    found = []
    for k in range(4):
        true, predicted = counted & (truth == k), counted & (prediction == k)
        both = np.sum(true & predicted)
        found.append([both / np.sum(of) if of.any() else np.nan for of in (predicted, true)])
    np.testing.assert_array_equal([precision(matrix), recall(matrix)], np.transpose(found))
    there = np.unique(truth[counted])
    if len(there):
        assert mean_accuracy(matrix) == pytest.approx(np.mean([found[k][1] for k in there]))


@settings(max_examples=20)
@given(truths, predictions)
def test_mean_iou_is_keras(truth, prediction):
    metric = keras.metrics.MeanIoU(num_classes=4, ignore_class=255)
    metric.update_state(truth.astype(np.int32), prediction.astype(np.int32))
    if (truth != 255).any():
        assert mean_iou(confusion_matrix(truth, prediction, 4)) == pytest.approx(float(metric.result()), abs=1e-6)


@pytest.mark.parametrize("num_classes", [2, 21, 81, 255])
def test_confusion_matrix_of_any_number_of_classes(num_classes, rng):
    """Up to the 254 classes that a mask can hold: no sum leaves its 16 bits."""
    truth = rng.integers(0, num_classes, (90, 110)).astype(np.uint8)
    prediction = rng.integers(0, num_classes, (90, 110)).astype(np.uint8)
    truth[0, :2] = (num_classes - 1, 255)
    prediction[0, :2] = num_classes - 1
    counted = truth != 255
    expected = np.zeros((num_classes, num_classes), np.int64)
    np.add.at(expected, (truth[counted], prediction[counted]), 1)
    np.testing.assert_array_equal(confusion_matrix(truth, prediction, num_classes), expected)


@given(truths, predictions, truths, predictions)
def test_metrics_from_class_counts_are_those_of_the_matrix(truth, prediction, other_truth, other_prediction):
    matrices = [confusion_matrix(truth, prediction, 4), confusion_matrix(other_truth, other_prediction, 4)]
    counts = np.stack([class_counts(matrix) for matrix in matrices])
    np.testing.assert_array_equal(iou_of_counts(counts), [iou(matrix) for matrix in matrices])
    np.testing.assert_array_equal(accuracy_of_counts(counts), [pixel_accuracy(matrix) for matrix in matrices])


def test_mean_leaves_out_nan():
    np.testing.assert_array_equal(mean(np.array([[1.0, np.nan, 0.5], [np.nan] * 3])), [0.75, np.nan])


def test_mean_iou_leaves_out_only_what_is_nowhere():
    truth, prediction = np.array([0, 0, 1, 255], np.uint8), np.array([0, 2, 1, 3], np.uint8)
    matrix = confusion_matrix(truth, prediction, 4)
    np.testing.assert_array_equal(iou(matrix), [0.5, 1.0, 0.0, np.nan])  # 3 is predicted on an ignored pixel only
    assert mean_iou(matrix) == 0.5


@pytest.mark.parametrize(
    ("truth", "prediction", "message"),
    [
        ([[0, 1]], [[0], [1]], r"truth has shape \(1, 2\), prediction \(2, 1\)"),
        ([0, 3], [0, 1], "truth holds labels 0 to 3: expected 0 to 2"),
        ([0, 1], [0, 3], "prediction holds labels 0 to 3: expected 0 to 2"),
        ([255, 1], [255, 1], "prediction holds labels 1 to 255: expected 0 to 2"),
        ([0, 1], [-1, 1], "prediction holds labels -1 to 1: expected 0 to 2"),
    ],
)
def test_confusion_matrix_refuses(truth, prediction, message):
    with pytest.raises(ValueError, match=message):
        confusion_matrix(np.array(truth), np.array(prediction), 3)


def naive_average_precision(truth, scores):
    """Walks down scikit-learn's thresholds, the distinct scores, one by one."""
    total, recall_before = 0.0, 0.0
    for threshold in sorted(set(scores), reverse=True):
        retrieved = [t for t, s in zip(truth, scores) if s >= threshold]
        recall = sum(retrieved) / sum(truth)
        total += (recall - recall_before) * sum(retrieved) / len(retrieved)
        recall_before = recall
    return total


@given(arrays(bool, (9, 3)), arrays(np.float32, (9, 3), elements=st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])))
def test_average_precision_with_ties(truth, scores):
    for t, s, value in zip(truth.T, scores.T, average_precision(truth, scores)):
        if t.any():
            assert value == pytest.approx(naive_average_precision(t.tolist(), s.tolist()), abs=1e-12)
        else:
            assert np.isnan(value)


def test_average_precision_of_known_rankings():
    # scikit-learn's documented example, 0.83...; all tied, the prevalence; perfect, 1; never there, NaN.
    truth = np.array([[0, 1, 0, 0], [0, 0, 0, 0], [1, 0, 1, 0], [1, 0, 1, 0]])
    scores = np.array([[0.1, 0.5, 0.1, 0.1], [0.4, 0.5, 0.2, 0.2], [0.35, 0.5, 0.8, 0.3], [0.8, 0.5, 0.9, 0.4]])
    np.testing.assert_allclose(average_precision(truth, scores), [5 / 6, 0.25, 1.0, np.nan])
    assert mean_average_precision(truth, scores) == pytest.approx((5 / 6 + 0.25 + 1.0) / 3)
    assert np.isnan(mean_average_precision(truth[:, 3:], scores[:, 3:]))
