"""What a Keras person types first: call, compile with any optimiser, fit on any data."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from networks import noise, reset_names, smallest_network

from benchmarks.tiny_training import build_tiny
from wsfcn_tf.config import ModelConfig, SelfSupervisionConfig
from wsfcn_tf.models import Network, build_model
from wsfcn_tf.models.loss_switch import LossSwitch
from wsfcn_tf.objective.losses import classification_loss
from wsfcn_tf.objective.objective import Objective

pytestmark = pytest.mark.usefixtures("few_weights")

IMAGES = noise(4, 16, 16, 3)
TAGS = np.float32([[1, 0, 0], [0, 1, 1], [0, 0, 1], [1, 1, 0]])
# of the first step on the first replica: what its dropout draws from
FIRST_SEED = tf.random.experimental.stateless_fold_in(tf.constant([0, 0]), 0, alg="philox")
OBJECTIVE = Objective(SelfSupervisionConfig(pamr_iterations=1, pamr_dilations=(1,), floor=0.0))


def tiny(**settings) -> Network:
    """The same weights every time."""
    reset_names()
    keras.utils.set_random_seed(0)
    return build_tiny(ModelConfig(num_classes=3, **settings))


def fitted(*data, optimizer=None, epochs=1, compile_options=None, **options):
    """The network, its weights before, and the history of a `fit`."""
    model = tiny()
    before = model.get_weights()
    model.compile(optimizer or keras.optimizers.SGD(0.1), OBJECTIVE, **compile_options or {})
    history = model.fit(*data, epochs=epochs, shuffle=False, verbose=0, **options).history
    return model, before, history


def trained(model):
    return [weight.numpy() for weight in model.trainable_variables]


@pytest.fixture(scope="module")
def plain():
    """What two steps of plain gradient descent make of the weights."""
    return trained(fitted(IMAGES, TAGS, batch_size=2)[0])


def assert_same(one, other, tolerance=1e-6):
    for first, second in zip(one, other, strict=True):
        np.testing.assert_allclose(first, second, rtol=0, atol=tolerance)


# === Masks that teach ===


def test_masks_teach_an_objective_that_learns_them():
    """Before the loss switch as well; for any other objective they are for metrics."""
    masks = np.full((4, 16, 16), 255, np.uint8)
    masks[0, :4], masks[0, 8:], masks[2] = 1, 0, np.arange(16) % 4
    results = {}
    for name, learns, y in (
        ("tags", True, TAGS),
        ("metrics", False, {"tags": TAGS, "masks": masks}),
        ("unknown", True, {"tags": TAGS, "masks": np.full_like(masks, 255)}),
        ("masks", True, {"tags": TAGS, "masks": masks}),
        ("distrusted", True, {"tags": TAGS, "masks": masks, "trust": np.zeros(masks.shape, np.float32)}),
    ):
        model = tiny()
        model.compile(keras.optimizers.SGD(0.1), Objective(OBJECTIVE.config, learns_masks=learns))
        history = model.fit(IMAGES, y, batch_size=4, shuffle=False, verbose=0).history
        results[name] = trained(model), history["mask"][0]
    for name in ("metrics", "unknown", "distrusted"):
        assert_same(results[name][0], results["tags"][0])
        assert results[name][1] == 0
    assert results["masks"][1] > 0
    assert any((one != other).any() for one, other in zip(results["masks"][0], results["tags"][0], strict=True))


# === Call ===


@pytest.mark.parametrize("make", [tiny, smallest_network, lambda: build_model(cam_config())])
def test_calling_is_inference(make):
    model = make()
    outputs, expected = model(IMAGES), model(IMAGES, training=False)
    for name in ("logits", "scores", "masks"):
        np.testing.assert_array_equal(outputs[name], expected[name])
    predicted = model.predict(IMAGES, batch_size=2, verbose=0)
    np.testing.assert_allclose(predicted["scores"], expected["scores"], rtol=1e-4)


def cam_config():
    return ModelConfig(backbone="vgg16", head="cam", num_classes=3)


@pytest.mark.parametrize("images", [np.zeros((1, 16, 16, 3), np.uint8), tf.zeros([1, 16, 16, 3], tf.int32)])
def test_photos_as_they_are_read_are_refused_in_one_line(images):
    with pytest.raises(TypeError, match=r"^images are u?int\d+: the network takes ImageNet-normalised float32[^\n]*$"):
        tiny()(images)


def test_summary_names_the_parts():
    lines = []
    smallest_network().summary(print_fn=lambda line, *_, **__: lines.append(line))
    assert all(part in "\n".join(lines) for part in ("backbone", "context", "fusion", "head"))


def test_export_takes_every_size(tmp_path):
    model = tiny()
    model.export(tmp_path / "exported")
    loaded = tf.saved_model.load(str(tmp_path / "exported"))
    for images in (IMAGES, noise(1, 24, 20, 3)):
        outputs, expected = loaded.serve(images), model(images)
        for name in ("logits", "scores", "masks"):
            np.testing.assert_allclose(outputs[name], expected[name], atol=1e-5)


# === Compile ===


def test_a_step_is_that_of_the_optimiser_on_the_mean_loss():
    """Plain gradient descent, against the gradient of the objective itself."""
    model, _, history = fitted(IMAGES, TAGS, batch_size=4)
    expected = tiny()
    with tf.GradientTape() as tape:
        outputs = expected(IMAGES, training=True, seed=FIRST_SEED)
        loss = tf.reduce_mean(OBJECTIVE(IMAGES, tf.constant(TAGS), outputs, False, 0)["loss"])
    variables = expected.trainable_variables
    for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
        variable.assign(variable - 0.1 * gradient)
    assert_same(trained(model), trained(expected))
    np.testing.assert_allclose(history["loss"], [loss], rtol=1e-5)


def test_nothing_need_be_said():
    model = tiny()
    before = model.get_weights()
    model.compile()
    history = model.fit(IMAGES, TAGS, batch_size=2, epochs=1, verbose=0).history
    assert np.isfinite(history["loss"]).all() and history["mask"] == [0]
    assert any((one != other).any() for one, other in zip(before, model.get_weights(), strict=True))


OPTIMIZERS = {
    "by name": lambda: "adam",
    "decay and clipping": lambda: keras.optimizers.AdamW(1e-3, weight_decay=0.01, clipnorm=1.0),
    "schedule": lambda: keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 10), momentum=0.9),
    "average": lambda: keras.optimizers.Adam(1e-3, use_ema=True, ema_momentum=0.5),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_any_optimiser(name):
    model, before, history = fitted(IMAGES, TAGS, batch_size=2, epochs=2, optimizer=OPTIMIZERS[name]())
    assert np.isfinite(history["loss"]).all()
    changes = [np.abs(new - old).max() for old, new in zip(before, model.get_weights(), strict=True)]
    assert max(changes) > 1e-4 and np.isfinite(changes).all()


def test_a_loss_scale_changes_nothing_in_float32(plain):
    scaled = keras.mixed_precision.LossScaleOptimizer(keras.optimizers.SGD(0.1))
    assert_same(trained(fitted(IMAGES, TAGS, batch_size=2, optimizer=scaled)[0]), plain)


@pytest.mark.parametrize("options", [{"steps_per_execution": 2}, {"run_eagerly": True}, {"accumulation_steps": 2}])
def test_ways_to_execute_change_nothing(options, plain):
    if "accumulation_steps" in options:  # BatchNorm sees the parts: only their being taken is compared elsewhere
        model, before, _ = fitted(IMAGES, TAGS, batch_size=4, sample_weight=np.ones(4), compile_options=options)
        assert max(np.abs(new - old).max() for old, new in zip(before, model.get_weights(), strict=True)) > 1e-4
        return
    assert_same(trained(fitted(IMAGES, TAGS, batch_size=2, compile_options=options)[0]), plain, 1e-5)


def test_a_loss_is_the_objective_s():
    with pytest.raises(TypeError, match=r"^compile\(loss=...\): losses are the objective's; leave it out$"):
        tiny().compile("sgd", loss="mse")


# === Fit ===


def test_the_mask_loss_joins_after_the_pretraining():
    _, _, history = fitted(IMAGES, TAGS, batch_size=2, epochs=3, compile_options={"pretrain_epochs": 2})
    assert history["labelled"][:2] == [0, 0] and history["labelled"][2] > 0


def test_a_callback_s_switch_goes_before_that_of_compile():
    _, _, history = fitted(IMAGES, TAGS, batch_size=2, epochs=2, callbacks=[LossSwitch(1)])
    assert history["labelled"][0] == 0 and history["labelled"][1] > 0


def test_the_cam_classifier_has_no_mask_loss():
    model = build_model(cam_config())
    model.compile("sgd", OBJECTIVE, pretrain_epochs=0)
    history = model.fit(noise(2, 32, 32, 3), TAGS[:2], epochs=1, verbose=0).history
    assert history["labelled"] == [0] and not model.self_supervision


def test_the_network_sees_no_saliency_and_the_objective_does():
    saliency = np.float32(np.linspace(-1, 1, 16))[None, None, :, None] * np.ones((4, 16, 1, 1), np.float32)
    objective = Objective(SelfSupervisionConfig(pamr_iterations=1, pamr_dilations=(1,), floor=0.0, saliency=9.0))
    with_saliency, plain = tiny(), tiny()
    with_saliency.compile(keras.optimizers.SGD(0.1), objective, pretrain_epochs=1)
    images = np.concatenate([IMAGES, saliency], -1)
    history = with_saliency.fit(images, TAGS, batch_size=4, epochs=2, shuffle=False, verbose=0).history
    plain.compile(keras.optimizers.SGD(0.1), OBJECTIVE, pretrain_epochs=1)
    expected = plain.fit(IMAGES, TAGS, batch_size=4, epochs=2, shuffle=False, verbose=0).history
    np.testing.assert_allclose(history["classification"], expected["classification"], rtol=1e-5)
    assert abs(history["labelled"][1] - expected["labelled"][1]) > 1e-3
    evaluated = with_saliency.evaluate(images, TAGS, batch_size=4, verbose=0, return_dict=True)
    np.testing.assert_allclose(
        evaluated["classification"],
        classification_loss(with_saliency(IMAGES)["scores"], TAGS).numpy().mean(),
        rtol=1e-4,
    )


def test_weights_multiply_the_loss_of_their_photos():
    weights = np.float32([0, 3, 0.5, 1])
    model, _, history = fitted(IMAGES, TAGS, batch_size=4, sample_weight=weights)
    expected = tiny()
    with tf.GradientTape() as tape:
        losses = OBJECTIVE(IMAGES, tf.constant(TAGS), expected(IMAGES, training=True, seed=FIRST_SEED), False, 0)[
            "loss"
        ]
        loss = tf.reduce_sum(weights * losses) / 4
    variables = expected.trainable_variables
    for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
        variable.assign(variable - 0.1 * gradient)
    assert_same(trained(model), trained(expected))
    np.testing.assert_allclose(history["loss"], [loss], rtol=1e-5)
    np.testing.assert_allclose(history["classification"], [np.mean(losses)], rtol=1e-5)  # not weighted


def test_evaluate_weighs_too():
    model = tiny()
    model.compile("sgd", OBJECTIVE)
    weights = np.float32([0, 3, 0.5, 1])
    found = model.evaluate(IMAGES, TAGS, batch_size=4, sample_weight=weights, verbose=0, return_dict=True)
    losses = OBJECTIVE(IMAGES, tf.constant(TAGS), model(IMAGES), False, 0)["loss"]
    np.testing.assert_allclose(found["loss"], np.mean(weights * losses), rtol=1e-4)


def dataset(*parts):
    return tf.data.Dataset.from_tensor_slices(parts).batch(2)


def generator():
    for start in (0, 2):
        yield IMAGES[start : start + 2], TAGS[start : start + 2]


class Pairs(getattr(keras.utils, "PyDataset", keras.utils.Sequence)):
    """Keras' own kind of dataset: `Sequence` on Keras 2, `PyDataset` on Keras 3."""

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return IMAGES[2 * index : 2 * index + 2], TAGS[2 * index : 2 * index + 2]


@pytest.mark.parametrize(
    "make",
    [
        lambda: dataset(IMAGES, TAGS),
        lambda: dataset(IMAGES, TAGS, np.ones(4, np.float32)),
        lambda: dataset(IMAGES, TAGS, np.array(["a", "b", "c", "d"])),  # names, as `wsfcn_tf.data` yields them
        generator,
        Pairs,
    ],
    ids=["tf.data", "weights", "names", "generator", "Keras' dataset"],
)
def test_every_kind_of_data_trains_alike(make, plain):
    assert_same(trained(fitted(make())[0]), plain, 1e-5)


def test_photos_without_tags():
    model = tiny()
    model.compile("sgd", OBJECTIVE)
    with pytest.raises(ValueError, match="fit and evaluate take photos and tags: pass y=tags"):
        model.fit(IMAGES, verbose=0)
