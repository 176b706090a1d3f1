from dataclasses import replace

import numpy as np
import pytest
from small_reports import HEIGHT, WIDTH, image, prediction_of, truth_of

from wsfcn_tf.data.masks.png import voc_palette
from wsfcn_tf.evaluation.html_report.stages import STAGES, stage_pictures
from wsfcn_tf.inference.prediction import Prediction


def is_tinted(pictures, stage):
    """Where a stage's picture differs from the photo."""
    return (pictures[stage] != pictures["Photo"]).any(-1)


@pytest.mark.parametrize(
    ("crf", "cam", "left_out"), [(True, True, []), (False, True, ["After CRF"]), (False, False, ["CAM", "After CRF"])]
)
def test_a_stage_that_the_prediction_lacks_is_left_out(crf, cam, left_out):
    pictures = stage_pictures(image(0), truth_of(0, 3), prediction_of(0, 3, crf=crf, cam=cam))
    assert list(pictures) == [stage for stage in STAGES if stage not in left_out]
    assert {(picture.shape, picture.dtype.name) for picture in pictures.values()} == {((160, 240, 3), "uint8")}


def test_each_stage_shows_its_own_labels():
    """The prediction is before the CRF if there is one; what is labelled is tinted, with a white line around it."""
    prediction = prediction_of(2, 3)
    truth = truth_of(2, 3)
    pictures = stage_pictures(np.full((HEIGHT, WIDTH, 3), 90, np.uint8), truth, prediction)
    shown = {"Prediction": prediction.unrefined, "After CRF": prediction.labels, "Ground truth": truth}
    for stage, labels in shown.items():
        enlarged = labels.repeat(4, axis=0).repeat(4, axis=1)
        tinted = is_tinted(pictures, stage)
        assert tinted[enlarged > 0].all()
        around = tinted & (enlarged == 0)
        assert around.any() and (pictures[stage][around] == 255).all()
    without = stage_pictures(image(0), truth, replace(prediction, unrefined=None))
    np.testing.assert_array_equal(
        without["Prediction"], stage_pictures(image(0), truth, prediction)["After CRF"], strict=True
    )


def test_a_region_that_fills_the_image_has_an_outline():
    labels = np.full((300, 300), 7, np.uint8)  # VOC's grey
    grey = np.full((300, 300, 3), 128, np.uint8)
    picture = stage_pictures(grey + np.uint8(20), labels, Prediction(labels, np.zeros(7), None))["Prediction"]
    assert (picture[0] == voc_palette()[7]).all() and (picture[:, -1] == voc_palette()[7]).all()
    assert not (picture[1:-1, 1:-1] == voc_palette()[7]).all(-1).any()


def test_cam_has_the_strongest_class_in_its_colour_as_strong_as_its_mask():
    raw = np.zeros((300, 300, 3), np.float32)
    raw[:, :100] = [0.1, 0.8, 0.1]
    raw[:, 100:200] = [0.6, 0.1, 0.3]
    raw[:, 200:] = [1, 0, 0]
    prediction = Prediction(np.zeros((300, 300), np.uint8), np.zeros(2), None, raw_masks=raw)
    cam = stage_pictures(np.full((300, 300, 3), 100, np.uint8), prediction.labels, prediction)["CAM"].astype(int)
    strong_red, weak_green, nothing = cam[150, 50], cam[150, 150], cam[150, 250]
    assert strong_red[0] - strong_red[1] > 2 * (weak_green[1] - weak_green[0]) > 40
    assert len(set(nothing)) == 1


def test_large_images_are_shrunk_and_tiny_ones_enlarged_pixel_by_pixel():
    labels = np.zeros((900, 1200), np.uint8)
    prediction = Prediction(labels, np.zeros(1), None, unrefined=labels)
    shapes = {p.shape for p in stage_pictures(image(0, 900, 1200), labels, prediction).values()}
    assert shapes == {(360, 480, 3)}
    tiny = image(0, 1, 100)
    flat = Prediction(np.zeros((1, 100), np.uint8), np.zeros(1), None)
    np.testing.assert_array_equal(
        stage_pictures(tiny, flat.labels, flat)["Photo"], tiny.repeat(3, axis=0).repeat(3, axis=1)
    )
