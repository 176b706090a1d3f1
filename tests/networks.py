"""A network that is small enough for tests: all 38 layers at an eighth of the width and 16 decoder channels."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from wsfcn_tf.config import ModelConfig
from wsfcn_tf.models import WSFCN, build_model
from wsfcn_tf.models.backbones import efficientnet_lite, resnet, vgg16

CONFIG = ModelConfig(width=0.125, decoder_width=16, dilations=(1, 2, 3, 4), num_classes=3)


def small_network(**settings) -> WSFCN:
    """The same weights every time; `settings` replace those of CONFIG."""
    keras.utils.set_random_seed(0)
    return build_model(replace(CONFIG, **settings))


# The parts of the fewest operations, for tests whose time goes into tracing: the backbone alone, and all of them.
SHALLOW = {"backbone": "vgg16", "width": 1.0}
FEWEST_OPERATIONS = {**SHALLOW, "context": "aspp", "fusion": "gci"}


def with_few_weights(patch: pytest.MonkeyPatch) -> None:
    """SHALLOW's backbone with a convolution of few filters in each block: checkpoints write 15 million weights else."""
    patch.setattr(vgg16, "_BLOCKS", tuple((filters, 1) for filters in (8, 8, 16, 16, 16)))


def with_few_blocks(patch: pytest.MonkeyPatch) -> None:
    """EfficientNet-Lite and ResNet-50 with a block or two in each stage: those that repeat take seconds to trace."""
    first, second, *others = efficientnet_lite._STAGES  # two blocks in the second: the first that is added to its input
    stages = (first, second, *(one._replace(blocks=1) for one in others))
    patch.setattr(efficientnet_lite, "_STAGES", stages)
    patch.setattr(resnet, "_BLOCKS", {50: (1, 2, 1, 1)})


def shallow_network(**settings) -> WSFCN:
    """WS-FCN on the backbone of the fewest layers."""
    return small_network(**SHALLOW, **settings)


def smallest_network(**settings) -> WSFCN:
    """For what does not depend on which context and fusion a network has."""
    return small_network(**FEWEST_OPERATIONS, **settings)


def reset_names() -> None:
    """Layers are numbered from the first again, as in a process of their own. Garbage stays: to find it takes long."""
    keras.backend.clear_session(**({} if keras.__version__.startswith("2.") else {"free_memory": False}))


def gentle(model: WSFCN) -> WSFCN:
    """The same network with small logits: its running statistics are not fitted, and masks would be 0 or 1 without."""
    kernel = model.head.classifier.kernel
    kernel.assign(0.01 * np.asarray(kernel))
    return model


def graph(function, **options):
    """A `tf.function` as the package makes them: nothing here branches on a tensor, and converting takes seconds."""
    return tf.function(function, autograph=False, **options)


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    """float32, zero mean, unit variance: to the network, a normalised image."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def randomise(layer: keras.layers.Layer, seed: int = 0) -> None:
    """Draws every weight anew, statistics and shifts too, which initialisers set to 0 or 1."""
    rng = np.random.default_rng(seed)
    for weight in layer.weights:
        centre = 1.0 if weight.name.split("/")[-1].startswith(("gamma", "moving_variance")) else 0.0
        spread = np.prod(weight.shape[:-1]) ** -0.5 if len(weight.shape) == 4 else 0.2
        weight.assign(centre + spread * rng.uniform(-1, 1, weight.shape))
