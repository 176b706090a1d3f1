import keras
import numpy as np
import pytest
import tensorflow as tf
from networks import noise, with_few_blocks

from wsfcn_tf.models.backbones.efficientnet_lite import EfficientNetLite
from wsfcn_tf.models.backbones.wide_resnet38 import WideResNet38

BACKBONES = {"wide_resnet38": lambda **k: WideResNet38(0.01, **k), "efficientnet": lambda **k: EfficientNetLite(0, **k)}
IMAGES, SEED = noise(1, 17, 17, 3), tf.constant([1, 2])


def gradients(name, rematerialise, policy="float32"):
    """Both features, and the gradients of every trainable variable; dropout draws from a seed."""
    keras.utils.set_random_seed(0)
    keras.mixed_precision.set_global_policy(policy)
    try:
        backbone = BACKBONES[name](rematerialise=rematerialise)
        backbone.build((None, None, None, 3))
    finally:
        keras.mixed_precision.set_global_policy("float32")

    @tf.function(autograph=False)
    def step():
        with tf.GradientTape() as tape:
            features = [tf.cast(x, tf.float32) for x in backbone(IMAGES, training=True, seed=SEED)]
            total = tf.add_n([tf.reduce_mean(x**2) for x in features])
        return features, tape.gradient(total, backbone.trainable_variables)

    operations = step.get_concrete_function().graph.get_operations()
    return *step(), sum(operation.type == "Conv2D" for operation in operations)


@pytest.mark.parametrize("name", BACKBONES)
def test_gradients_are_the_same_and_convolutions_are_computed_again(name, monkeypatch):
    with_few_blocks(monkeypatch)
    features, expected, count = gradients(name, False)
    again, actual, more = gradients(name, True)
    assert more > 1.5 * count
    for one, other in zip([*features, *expected], [*again, *actual], strict=True):
        np.testing.assert_allclose(other, one, rtol=0, atol=1e-5 * max(np.abs(one).max(), 1e-6))


@pytest.mark.slow
def test_in_half_precision_too():
    _, expected, _ = gradients("wide_resnet38", False, "mixed_bfloat16")
    _, actual, _ = gradients("wide_resnet38", True, "mixed_bfloat16")
    for one, other in zip(expected, actual, strict=True):
        assert other.dtype == tf.float32
        np.testing.assert_allclose(other, one, rtol=0, atol=2e-2 * max(np.abs(one).max(), 1e-6))
