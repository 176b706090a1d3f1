"""The stochastic gate: mixes the shallow feature into the deep one at random (SSSS section 3.4)."""

from typing import Any

import tensorflow as tf

from wsfcn_tf.models.layers import Layer, register, uniform


def mix(deep: tf.Tensor, shallow: tf.Tensor, keep: tf.Tensor, psi: float) -> tf.Tensor:
    """The gate's arithmetic for a given draw.

    Args:
        deep: float [B, H, W, C].
        shallow: same shape.
        keep: bool, same shape: True takes (deep - psi shallow) / (1 - psi), False takes shallow.
        psi: in [0, 1); with P(keep) = 1 - psi the mean of the result is deep.

    Returns:
        float [B, H, W, C].
    """
    return tf.where(keep, (deep - psi * shallow) / (1.0 - psi), shallow)


@register
class StochasticGate(Layer):
    """`mix` with a fresh draw per element in training, (1 - psi) deep + psi shallow otherwise.

    Args:
        psi: chance that an element comes from the shallow feature.
    """

    def __init__(self, psi: float = 0.3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.psi = psi

    def call(self, inputs: list[tf.Tensor], training: bool, seed: tf.Tensor | None = None) -> tf.Tensor:
        """[deep, shallow], each [B, H, W, C] -> [B, H, W, C]."""
        deep, shallow = inputs
        if not training:
            return (1.0 - self.psi) * deep + self.psi * shallow
        return mix(deep, shallow, uniform(tf.shape(deep), self.name, seed) >= self.psi, self.psi)
