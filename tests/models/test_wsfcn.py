import json
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from networks import CONFIG, gentle, noise, shallow_network, small_network

from wsfcn_tf import ModelConfig, build_model
from wsfcn_tf.ops import resize_align_corners

IMAGES = noise(2, 33, 26, 3)
OTHER_KERNELS = 1e-4  # a graph's fused kernels round differently: by 2e-5 after 38 layers, on some CPUs


@pytest.fixture(scope="module")
def model():
    return gentle(small_network())


@pytest.fixture(scope="module")
def expected(model):
    return model(IMAGES, training=False)


def assert_same(outputs, expected, tolerance=1e-5):
    assert outputs.keys() == expected.keys() == {"logits", "scores", "masks"}
    for name, value in expected.items():
        np.testing.assert_allclose(outputs[name], value, rtol=0, atol=tolerance * np.abs(value).max(), err_msg=name)


# === Outputs ===


@pytest.mark.parametrize("size", [(33, 47), (48, 32), (16, 16), (7, 50), (1, 1)])
@pytest.mark.parametrize("batch", [1, 2])
def test_shapes(model, size, batch):
    outputs = model(noise(batch, *size, 3), training=False)
    low = tuple(-(-side // 4) for side in size)
    assert outputs["logits"].shape == (batch, *low, 4)
    assert outputs["scores"].shape == (batch, 3)
    assert outputs["masks"].shape == (batch, *size, 4)
    for output in outputs.values():
        assert output.dtype == tf.float32
        assert np.isfinite(output).all()


def test_background_is_the_constant_one_and_masks_are_shares(expected):
    np.testing.assert_array_equal(expected["logits"][..., 0], np.ones((2, 9, 7)))
    masks = np.asarray(expected["masks"])
    assert 0 < masks.min() < masks.max() < 1
    np.testing.assert_allclose(masks.sum(-1), 1, atol=1e-5)
    small = tf.nn.softmax(expected["logits"])
    np.testing.assert_allclose(masks, resize_align_corners(small, (33, 26)), atol=1e-6)


def test_images_do_not_mix_in_inference(model, expected):
    alone = model(IMAGES[1:], training=False)
    assert_same(alone, {name: value[1:] for name, value in expected.items()})


def test_parts_take_the_config_s_settings():
    model = small_network(gate_psi=0.1, focal_lambda=0.2, dilations=(1, 1, 2, 3), dropout=False, from_scratch=True)
    assert (model.gate.psi, model.pooling.focal_lambda, model.context.dilations) == (0.1, 0.2, (1, 1, 2, 3))
    assert model.context.batch_statistics and model.backbone.bn7.trainable
    dropouts = [layer for layer in model._flatten_layers() if type(layer).__name__ == "SeededDropout"]
    assert len(dropouts) == 2 + 2 + 1 + 2
    assert not any(layer.rate for layer in dropouts)


def test_low_width_brings_the_stride_4_feature_to_that_many_channels():
    plain, projected = small_network(), small_network(low_width=24)
    kernel = projected.low_projection.kernel
    assert kernel.shape == (1, 1, plain.backbone.low_channels, 24)
    assert projected.fusion.paths.shallow1.conv.kernel.shape[2] == 24
    assert len(projected.trainable_variables) == len(plain.trainable_variables) + 1
    # the decoder sees the projected feature and nothing else of it
    before = projected(IMAGES, training=False)["logits"]
    kernel.assign(np.zeros(kernel.shape))
    low, high = projected.backbone(IMAGES, training=False)
    shallow, deep = projected.fusion(
        [np.zeros((*low.shape[:3], 24)), projected.context(high, training=False)], training=False
    )
    features = projected.gate([deep, shallow], training=False)
    after = projected(IMAGES, training=False)["logits"]
    np.testing.assert_allclose(after[..., 1:], projected.head(features, training=False), atol=1e-5)
    assert np.abs(after - before).max() > 1e-3


@pytest.mark.parametrize(
    ("norm", "from_scratch", "batch"),
    [(None, False, False), (None, True, True), ("fixed", True, False), ("batch", False, True)],
)
def test_context_norm_chooses_the_context_s_statistics_in_training(norm, from_scratch, batch):
    model = small_network(context_norm=norm, from_scratch=from_scratch)
    assert model.context.batch_statistics == batch


def test_the_number_of_classes_is_needed():
    with pytest.raises(ValueError, match=r"^ModelConfig\.num_classes must be a positive number, not None$"):
        build_model(ModelConfig())


def test_training_mode_is_a_function_of_the_seed(model):
    before = model.get_weights()
    draws = []
    for seed in ([1, 2], [1, 2], [1, 3]):
        draws.append(model(IMAGES, training=True, seed=tf.constant(seed))["logits"])
        model.set_weights(before)
    np.testing.assert_allclose(draws[0], draws[1], atol=1e-5)
    assert np.abs(draws[0] - draws[2]).max() > 1e-2


# === Graphs and files ===


@pytest.mark.parametrize("jit_compile", [False, True])
def test_graph_and_xla_equal_eager(model, jit_compile):
    images = noise(1, 32, 48, 3)  # sides that XLA's half-pixel resize gets right, see ops/test_resize.py
    function = tf.function(lambda images: model(images, training=False), jit_compile=jit_compile)
    assert_same(function(images), model(images, training=False), OTHER_KERNELS)


def test_one_graph_serves_every_size(model):
    function = tf.function(
        lambda images: model(images, training=False), input_signature=[tf.TensorSpec([None, None, None, 3])]
    )
    for size in [(1, 20, 31), (2, 17, 16)]:
        images = noise(size[0], *size[1:], 3)
        assert_same(function(images), model(images, training=False), OTHER_KERNELS)


def test_weights_file(model, expected, tmp_path):
    model.save_weights(tmp_path / "model.weights.h5")
    keras.utils.set_random_seed(1)
    other = build_model(CONFIG)
    assert np.abs(other(IMAGES, training=False)["logits"] - expected["logits"]).max() > 1e-3
    other.load_weights(tmp_path / "model.weights.h5")
    assert_same(other(IMAGES, training=False), expected, tolerance=1e-6)


@pytest.mark.parametrize("changed", [{"num_classes": 4}, {"decoder_width": 8}, {"width": 0.25}])
def test_weights_of_another_architecture_are_refused(model, tmp_path, changed):
    model.save_weights(tmp_path / "model.weights.h5")
    with pytest.raises(ValueError):
        build_model(replace(CONFIG, **changed)).load_weights(tmp_path / "model.weights.h5")


def test_configuration_round_trip(model):
    clone = type(model).from_config(json.loads(json.dumps(model.get_config())))
    assert clone.config == model.config and clone.name == model.name


def test_keras_file(model, expected, tmp_path):
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.config == CONFIG
    assert_same(loaded(IMAGES, training=False), expected, tolerance=1e-6)
    assert len(loaded.trainable_variables) == len(model.trainable_variables)


def test_saved_model(tmp_path):
    model = gentle(shallow_network())
    expected = model(IMAGES, training=False)
    module = tf.Module()
    module.held = model.weights
    module.run = tf.function(
        lambda images: model(images, training=False), input_signature=[tf.TensorSpec([None, None, None, 3])]
    )
    tf.saved_model.save(module, str(tmp_path), signatures=module.run)
    loaded = tf.saved_model.load(str(tmp_path))
    outputs = loaded.signatures["serving_default"](tf.constant(IMAGES))
    assert_same(outputs, module.run(tf.constant(IMAGES)), tolerance=1e-6)
    assert_same(outputs, expected, OTHER_KERNELS)
    assert loaded.run(noise(1, 17, 16, 3))["masks"].shape == (1, 17, 16, 4)
