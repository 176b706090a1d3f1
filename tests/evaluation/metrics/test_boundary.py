import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from wsfcn_tf.evaluation.metrics.boundary import band_width, boundary_iou, boundary_matrix, contour_band, trimap_matrix
from wsfcn_tf.evaluation.metrics.formulas import confusion_matrix, pixel_accuracy

truths = arrays(np.uint8, (9, 11), elements=st.sampled_from([0, 1, 2, 255]))
predictions = arrays(np.uint8, (9, 11), elements=st.integers(0, 2))
widths = st.integers(1, 4)


def near_another(labels, width, outside):
    """Pixel by pixel: whether some pixel of the window around it has another label, or lies outside."""
    padded = np.pad(labels.astype(int), width, constant_values=-1)
    band = np.zeros(labels.shape, bool)
    for i, j in np.ndindex(labels.shape):
        window = padded[i : i + 2 * width + 1, j : j + 2 * width + 1]
        band[i, j] = ((window != labels[i, j]) & (outside | (window >= 0))).any()
    return band


def authors_boundary(mask, width):
    """The authors' code for one binary mask: pad it with 0, erode it `width` times, and take that away."""
    padded = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    eroded = cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=width)[1:-1, 1:-1]
    return mask & (eroded == 0)


@given(predictions, widths, st.booleans())
def test_contour_band(labels, width, frame):
    np.testing.assert_array_equal(contour_band(labels, width, frame), near_another(labels, width, frame))


@given(predictions, predictions, widths)
def test_boundary_iou_is_the_authors_for_each_class(truth, prediction, width):
    values = boundary_iou(boundary_matrix(truth, prediction, 3, width))
    for label, value in enumerate(values):
        true, predicted = (authors_boundary(labels == label, width) for labels in (truth, prediction))
        union = (true | predicted).sum()
        assert value == (true & predicted).sum() / union if union else np.isnan(value)


@given(truths, predictions, widths)
def test_ignored_pixels_are_not_counted_and_draw_no_contour(truth, prediction, width):
    matrix = boundary_matrix(truth, prediction, 3, width)
    filled = np.where(truth == 255, prediction, truth)
    for label in range(3):
        true = authors_boundary(filled == label, width) & (truth != 255)
        predicted = authors_boundary(prediction == label, width) & (truth != 255)
        assert (matrix[label].sum(), matrix[:, label].sum()) == (true.sum(), predicted.sum())
        assert matrix[label, label] == (true & predicted).sum()


@given(truths, widths)
def test_what_is_right_wherever_it_counts_is_perfect(truth, width):
    matrix = boundary_matrix(truth, np.where(truth == 255, 1, truth).astype(np.uint8), 3, width)
    assert all(value == 1 or np.isnan(value) for value in boundary_iou(matrix))


def test_boundary_iou_sees_what_iou_does_not():
    """A large square, found 3 pixels too large all around: most of it is right, but no border is."""
    truth, prediction = np.zeros((2, 200, 200), np.uint8)
    truth[20:180, 20:180] = 1
    prediction[17:183, 17:183] = 1
    assert 160**2 / 166**2 > 0.92
    assert boundary_iou(boundary_matrix(truth, prediction, 2, 3))[1] == 0


def test_boundary_of_as_many_classes_as_a_mask_can_hold():
    truth = np.arange(255, dtype=np.uint8).reshape(15, 17)
    np.testing.assert_array_equal(boundary_iou(boundary_matrix(truth, truth, 255, 1)), np.ones(255))


@given(truths, predictions, widths)
def test_trimap_is_the_confusion_near_true_contours(truth, prediction, width):
    near = near_another(truth, width, outside=False)
    expected = confusion_matrix(truth[near], prediction[near], 3)
    np.testing.assert_array_equal(trimap_matrix(truth, prediction, 3, width), expected)


def test_trimap_is_around_vocs_ignored_outline():
    truth = np.zeros((40, 40), np.uint8)
    truth[8:32, 8:32] = 255
    truth[12:28, 12:28] = 1
    prediction = (truth == 1).astype(np.uint8)
    prediction[:6] = 1  # wrong, but 2 pixels and more from the outline
    assert pixel_accuracy(trimap_matrix(truth, prediction, 2, 2)) == 1
    assert pixel_accuracy(trimap_matrix(truth, prediction, 2, 3)) < 1


@pytest.mark.parametrize(("size", "width"), [((375, 500), 12), ((500, 375), 12), ((480, 640), 16), ((4, 3), 1)])
def test_band_width_is_two_per_cent_of_the_diagonal(size, width):
    assert band_width(*size) == width
