"""`metrics=` and what `evaluate` reports, by the tiny network of test_keras_calls."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from networks import noise, reset_names

from benchmarks.tiny_training import build_tiny
from wsfcn_tf.config import ModelConfig, SelfSupervisionConfig
from wsfcn_tf.evaluation.metrics import formulas
from wsfcn_tf.metrics import MeanAveragePrecision, MeanIoU
from wsfcn_tf.objective.objective import Objective

IMAGES = noise(4, 16, 16, 3)
TAGS = np.float32([[1, 0, 0], [0, 1, 1], [0, 0, 1], [1, 1, 0]])
MASKS = np.random.default_rng(3).integers(0, 4, (4, 16, 16)).astype(np.uint8)
MASKS[:, :2] = 255
WEIGHTS = np.float32([0, 3, 0.5, 1])


def compiled(**options):
    reset_names()
    keras.utils.set_random_seed(0)
    model = build_tiny(ModelConfig(num_classes=3))
    objective = Objective(SelfSupervisionConfig(pamr_iterations=1, pamr_dilations=(1,), floor=0.0))
    model.compile(keras.optimizers.SGD(0.1), objective, **options)
    return model


def squared(tags, scores):
    return tf.reduce_mean((tags - scores) ** 2, axis=-1)


def both(y, **options):
    """What `evaluate` reports of arrays, in batches of which the last is not full."""
    return options.pop("model").evaluate(IMAGES, y, batch_size=3, verbose=0, return_dict=True, **options)


def test_evaluate_gives_losses_map_and_miou():
    model = compiled()
    found = both({"tags": TAGS, "masks": MASKS}, model=model)
    outputs = model(IMAGES)
    scores, masks = outputs["scores"].numpy(), outputs["masks"].numpy()
    masks[..., 1:] *= (1 / (1 + np.exp(-scores)) > 0.1)[:, None, None]
    matrix = formulas.confusion_matrix(MASKS, masks.argmax(-1), 4)
    assert {"loss", "classification", "mask", "map", "miou"} <= found.keys()
    assert found["map"] == pytest.approx(formulas.mean_average_precision(TAGS, scores), abs=1e-4)
    assert found["miou"] == pytest.approx(formulas.mean_iou(matrix), abs=1e-4)


def test_without_masks_there_is_no_miou():
    found = both(TAGS, model=compiled())
    assert "map" in found and "miou" not in found


def test_classes_that_are_not_there_take_no_pixel():
    """A score far below the threshold leaves a class out of mIoU's masks."""
    model = compiled()
    head = model.head.classifier if hasattr(model.head, "classifier") else model.head
    head.bias.assign(np.float32([5, -40, -40]))  # the first class everywhere, the others nowhere
    found = both({"tags": TAGS, "masks": np.ones_like(MASKS)}, model=model)
    assert found["miou"] == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("y", [TAGS, {"tags": TAGS, "masks": MASKS}], ids=["tags", "masks too"])
def test_validation_within_fit(y):
    history = compiled().fit(IMAGES, TAGS, batch_size=2, validation_data=(IMAGES, y), verbose=0).history
    assert "map" not in history and 0 <= history["val_map"][0] <= 1
    assert ("val_miou" in history) == isinstance(y, dict)


def test_metrics_of_scores_in_fit_and_evaluate():
    model = compiled(metrics=[squared, MeanAveragePrecision(3, name="ap")], weighted_metrics=[squared_weighted()])
    before = model(IMAGES)["scores"].numpy()
    found = both(TAGS, model=model, sample_weight=WEIGHTS)
    each = ((TAGS - before) ** 2).mean(-1)
    assert found["squared"] == pytest.approx(each.mean(), rel=1e-4)
    assert found["weighted"] == pytest.approx((WEIGHTS * each).sum() / WEIGHTS.sum(), rel=1e-4)
    assert found["ap"] == pytest.approx(found["map"])
    history = model.fit(IMAGES, TAGS, batch_size=4, verbose=0, sample_weight=WEIGHTS).history
    assert {"squared", "weighted", "ap"} <= history.keys() and np.isfinite(history["squared"]).all()


def squared_weighted():
    return keras.metrics.MeanMetricWrapper(squared, name="weighted")


@pytest.mark.parametrize("options", [{}, {"accumulation_steps": 2}, {"run_eagerly": True}])
def test_metrics_of_masks_in_fit(options):
    model = compiled(metrics={"masks": MeanIoU(3, name="iou"), "scores": "mse"}, **options)
    dataset = tf.data.Dataset.from_tensor_slices((IMAGES, {"tags": TAGS, "masks": MASKS})).batch(4, drop_remainder=True)
    history = model.fit(dataset, epochs=2, verbose=0).history
    assert all(0 < value < 1 for value in history["iou"]) and len(history["mse"]) == 2
    evaluated = model.evaluate(dataset, verbose=0, return_dict=True)
    masks = model(IMAGES)["masks"].numpy().argmax(-1)
    assert evaluated["iou"] == pytest.approx(formulas.mean_iou(formulas.confusion_matrix(MASKS, masks, 4)), abs=1e-4)


def test_a_photo_s_weight_is_that_of_its_pixels():
    model = compiled(weighted_metrics={"masks": [MeanIoU(3, name="iou")]})
    found = both({"tags": TAGS, "masks": MASKS}, model=model, sample_weight=np.float32([0, 1, 0, 1]))
    masks = model(IMAGES)["masks"].numpy().argmax(-1)
    matrix = formulas.confusion_matrix(MASKS[1::2], masks[1::2], 4)
    assert found["iou"] == pytest.approx(formulas.mean_iou(matrix), abs=1e-4)


def test_a_metric_of_the_same_name_takes_the_place():
    found = both({"tags": TAGS, "masks": MASKS}, model=compiled(metrics={"masks": [MeanIoU(3)]}))
    assert list(found).count("miou") == 1 and "map" in found


def test_masks_change_no_weight():
    plain, with_masks = compiled(), compiled()
    plain.fit(IMAGES, TAGS, batch_size=2, shuffle=False, verbose=0)
    with_masks.fit(IMAGES, {"tags": TAGS, "masks": MASKS}, batch_size=2, shuffle=False, verbose=0)
    for one, other in zip(plain.get_weights(), with_masks.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("options", "y", "message"),
    [
        ({"metrics": {"logits": ["mse"]}}, TAGS, r'^metrics are of "scores" and "masks", not of "logits"$'),
        ({"metrics": {"masks": [MeanIoU(3)]}}, TAGS, "metrics of masks need them: pass y="),
        ({"metrics": [squared], "weighted_metrics": [squared]}, TAGS, '^two figures are called "squared": give'),
        ({}, {"labels": TAGS}, r"y has the keys \['labels'\]: pass tags, or"),
    ],
)
def test_mistakes_are_said_in_one_line(options, y, message):
    with pytest.raises(ValueError, match=message):
        compiled(**options).fit(IMAGES, y, verbose=0)
