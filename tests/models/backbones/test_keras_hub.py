"""KerasHub's networks give here what they give there, on images of any size."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from hub_presets import PYRAMIDS, TRANSFORMERS, made, needs_keras_hub, write_preset
from networks import FEWEST_OPERATIONS, noise, small_network

from wsfcn_tf.errors import UserError
from wsfcn_tf.models.backbones.hub.backbone import KerasHubBackbone
from wsfcn_tf.models.backbones.hub.preset import read_preset
from wsfcn_tf.ops.normalise import denormalise

pytestmark = needs_keras_hub
CHANNELS = {"resnet": (64, 24), "efficientnet": (8, 1280), "mit": (8, 24), **dict.fromkeys(TRANSFORMERS, (16, 16))}


@pytest.fixture(scope="module")
def presets(tmp_path_factory):
    """{name: (KerasHub's network, its preset's folder)}, made when they are asked for."""
    folder, kept = tmp_path_factory.mktemp("presets"), {}

    def preset(name):
        if name not in kept:
            kept[name] = write_preset(name, folder / name), str(folder / name)
        return kept[name]

    return preset


def backbone(folder, **settings):
    layer = KerasHubBackbone(read_preset(folder).write(), name="backbone", **settings)
    layer.build((None, None, None, 3))
    layer.load_preset(folder)
    return layer


def theirs(name, network, images):
    """What KerasHub itself makes of photos in [0, 255]: the map of the last tokens, or of the levels."""
    _, converter = made(name)
    converter.image_size = None
    images = converter(images)
    if name in PYRAMIDS:
        levels = keras.Model(network.inputs, network.pyramid_outputs)(images)
        return [np.asarray(level) for level in levels.values()]
    if name == "siglip":  # whose own output is one vector
        network = keras.Model(network.inputs, network.post_layer_norm.output)
    tokens = np.asarray(network({"dinov3": {"pixel_values": images}, "vit": images}.get(name, {"images": images})))
    patch = 7 if name == "dinov2" else 8
    rows, columns = images.shape[1] // patch, images.shape[2] // patch
    return [tokens[:, tokens.shape[1] - rows * columns :].reshape(len(tokens), rows, columns, -1)]


SIDES = {"mit": 64, "dinov2": 42, "vit": 32, "dinov3": 32, "siglip": 32, "resnet": 32, "efficientnet": 64}


MIT_IS_SLOW = pytest.param("mit", marks=pytest.mark.slow)


@pytest.mark.parametrize("name", [MIT_IS_SLOW, *(name for name in SIDES if name != "mit")])
def test_features_are_kerashubs_at_its_own_size(presets, name):
    network, folder = presets(name)
    images = noise(2, SIDES[name], SIDES[name], 3)
    expected = theirs(name, network, 255 * denormalise(images))
    low, high = backbone(folder)(images, training=False)
    assert (low.shape[-1], high.shape[-1]) == CHANNELS[name]
    np.testing.assert_allclose(high, expected[-1], atol=2e-5 * np.abs(expected[-1]).max())
    if name in PYRAMIDS:
        (expected_low,) = (level for level in expected if level.shape[1] == SIDES[name] // 4)
        np.testing.assert_allclose(low, expected_low, atol=2e-5 * np.abs(expected_low).max())


def test_dinov2_at_another_size_is_kerashubs_built_for_it(presets):
    network, folder = presets("dinov2")
    config = network.get_config() | {"image_shape": (63, 63, 3), "name": "larger"}
    larger = type(network).from_config(config)
    larger.load_weights(f"{folder}/model.weights.h5")
    images = noise(1, 63, 63, 3)
    (expected,) = theirs("dinov2", larger, 255 * denormalise(images))
    _, high = backbone(folder)(images, training=False)
    np.testing.assert_allclose(high, expected, atol=2e-5 * np.abs(expected).max())


@pytest.mark.parametrize("name", ["mobilenet", "mit", "vit", "dinov2", "dinov3", "siglip"])
def test_any_size_and_every_variable_counts(presets, name):
    layer = backbone(presets(name)[1])
    images = tf.constant(noise(2, 45, 70, 3))
    any_size = [tf.TensorSpec((None, None, None, 3))]
    graph = tf.function(lambda x: layer(x, training=False), input_signature=any_size, autograph=False)
    with tf.GradientTape() as tape:
        low, high = layer(images, training=True)
        loss = tf.reduce_sum(low**2) + tf.reduce_sum(high**2)
    patch = {"mobilenet": 32, "mit": 32, "dinov2": 7}.get(name, 8)
    assert low.shape[:3] == (2, 12, 18) and high.shape[:3] == (2, -(-45 // patch), -(-70 // patch))
    for one, other in zip(graph(images), layer(images, training=False), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)
    gradients = tape.gradient(loss, layer.trainable_variables)
    assert [v.path for v, g in zip(layer.trainable_variables, gradients, strict=True) if g is None] == []


def test_dropouts_drop_nothing(presets):
    for name in ("vit", "dinov2", "efficientnet"):
        layer, images = backbone(presets(name)[1]), noise(1, 32, 32, 3)
        for one, other in zip(layer(images, training=True), layer(images, training=False), strict=True):
            np.testing.assert_array_equal(one, other)


def test_output_stride_leaves_out_what_is_behind_it(presets):
    folder = presets("resnet")[1]
    layer = backbone(folder, output_stride=16, low_stride=8)
    low, high = layer(noise(1, 64, 64, 3), training=False)
    assert (low.shape[1:], high.shape[1:]) == ((8, 8, 8), (4, 4, 16))
    behind = {id(v) for held in layer.network.layers if held.name.startswith("stack3") for v in held.weights}
    assert behind and not behind & {id(v) for v in layer.trainable_variables}


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("resnet", {"low_stride": 2}, "model.low_stride: ResNetBackbone has features at strides 4, 8, 16, 32, not 2"),
        (
            "vit",
            {"output_stride": 16},
            "model.output_stride: ViTBackbone has one feature for each of its patches; leave it out",
        ),
        ("resnet", {"lora_rank": 2}, "model.lora_rank: ResNetBackbone has no attentions that LoRA is known for"),
    ],
)
def test_what_a_network_has_not(presets, name, settings, words):
    with pytest.raises(UserError) as caught:
        backbone(presets(name)[1], **settings)
    assert str(caught.value) == words


# === What is trained ===


def test_batch_norms_are_frozen_unless_from_scratch(presets):
    def norms(layer):
        return [held for held in layer.network.layers if isinstance(held, keras.layers.BatchNormalization)]

    folder = presets("resnet")[1]
    assert norms(backbone(folder)) and not any(norm.trainable for norm in norms(backbone(folder)))
    assert all(norm.trainable for norm in norms(backbone(folder, from_scratch=True)))


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_lora_trains_its_additions_alone_and_begins_where_the_network_is(presets, name):
    folder, images = presets(name)[1], noise(1, 32, 32, 3)
    layer = backbone(folder, lora_rank=2)
    assert {v.name for v in layer.trainable_variables} == {"lora_kernel_a", "lora_kernel_b"}
    assert len(layer.trainable_variables) == 3 * 2 * 2  # blocks, queries and values, factors
    for one, other in zip(layer(images, training=True), backbone(folder)(images, training=False), strict=True):
        np.testing.assert_array_equal(one, other)


def test_weights_files_keep_lora_apart(presets, tmp_path):
    """Keras' own would hold the sum and, when loaded, factors of zeros, from which training cannot go on."""
    settings = {**FEWEST_OPERATIONS, "backbone": "keras_hub", "preset": presets("vit")[1], "lora_rank": 2}
    model = small_network(**settings)
    for number, variable in enumerate(model.backbone.trainable_variables):
        variable.assign(noise(*variable.shape, seed=number))
    model.save_weights(tmp_path / "of.weights.h5")
    other = small_network(**settings)
    other.load_weights(tmp_path / "of.weights.h5")
    for one, loaded in zip(model.weights, other.weights, strict=True):
        np.testing.assert_array_equal(one, loaded)


def test_freeze_backbone(presets):
    settings = {**FEWEST_OPERATIONS, "backbone": "keras_hub", "preset": presets("resnet")[1]}
    model = small_network(freeze_backbone=True, **settings)
    assert not model.backbone.trainable_variables and model.trainable_variables
    before = model.backbone.get_weights()
    model.backbone(noise(2, 32, 32, 3), training=True)
    for one, other in zip(before, model.backbone.get_weights(), strict=True):  # statistics of BatchNorms among them
        np.testing.assert_array_equal(one, other)


# === Presets ===


def test_a_config_that_knows_the_network_needs_no_preset(presets):
    settings = {**FEWEST_OPERATIONS, "backbone": "keras_hub", "preset": presets("resnet")[1]}
    model = small_network(**settings)
    for own, preset in zip(model.backbone.network.weights, presets("resnet")[0].weights, strict=True):
        np.testing.assert_array_equal(own, preset)
    described = model.get_config()["config"]
    fresh = type(model).from_config({"name": "again", "config": {**described, "preset": "nowhere"}})
    fresh.build((None, None, None, 3))
    fresh.set_weights(model.get_weights())
    images = noise(1, 40, 40, 3)
    np.testing.assert_array_equal(fresh(images)["masks"], model(images)["masks"])


def test_a_network_that_also_reads_texts_is_its_eyes(tmp_path):
    import keras_hub

    eyes, converter = made("siglip")
    sizes = {"num_layers": 1, "num_heads": 2, "hidden_dim": 16, "intermediate_dim": 16, "embedding_dim": 16}
    text = keras_hub.models.SigLIPTextEncoder(vocabulary_size=8, sequence_length=4, projection_dim=16, **sizes)
    keras_hub.models.SigLIPBackbone(eyes, text).save_to_preset(str(tmp_path))
    converter.save_to_preset(str(tmp_path))
    layer = backbone(str(tmp_path))
    for own, preset in zip(layer.network.weights, eyes.weights, strict=True):
        np.testing.assert_array_equal(own, preset)


def _no_preset(tmp_path):
    (tmp_path / "config.json").write_text("{}")


def _no_converter(tmp_path):
    write_preset("vit", tmp_path, converter=False)


def _damaged(tmp_path):
    write_preset("vit", tmp_path)
    (tmp_path / "config.json").write_text("not JSON")


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (_no_preset, "cannot be had (Unrecognized format"),
        (_no_converter, "its image converter, which says how"),
        (_damaged, "cannot be had ("),
    ],
)
def test_a_folder_that_is_none(tmp_path, write, words):
    write(tmp_path)
    with pytest.raises(UserError) as caught:
        read_preset(str(tmp_path))
    assert str(caught.value).startswith(f"model.preset: {tmp_path}: {words}")


def test_a_name_that_is_none():
    with pytest.raises(UserError) as caught:
        read_preset("dinov2_smal")
    assert str(caught.value) == (
        "model.preset: dinov2_smal: is neither a folder nor a preset of KerasHub; did you mean dinov2_small?"
    )


def test_a_description_of_something_else():
    for text in ("{}", "not JSON", json.dumps({"backbone": {}})):
        with pytest.raises(UserError, match=r"model\.preset_config: is not what training wrote there; leave it out"):
            KerasHubBackbone(text)
