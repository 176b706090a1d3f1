"""Several networks in one, each of which learns by itself: a deep ensemble."""

from typing import Any

import tensorflow as tf

from wsfcn_tf.config import ModelConfig
from wsfcn_tf.models.accumulation import Values
from wsfcn_tf.models.cam import CAMClassifier
from wsfcn_tf.models.layers import register
from wsfcn_tf.models.network import Network
from wsfcn_tf.models.wsfcn import WSFCN


def kind_of(config: ModelConfig) -> type[Network]:
    """What a single network with these settings is."""
    return CAMClassifier if config.head == "cam" else WSFCN


@register
class Ensemble(Network):
    """`model.networks` networks that differ in their first weights, dropout and gate, and the mean of what they say.

    Deep ensembles (Lakshminarayanan et al., arXiv 1612.01474). Each learns from the same batches by losses and pseudo
    labels of its own, as it would alone.

    Args:
        config: the networks' settings; `num_classes` must be set.

    Raises:
        ValueError: `config.num_classes` is not a positive number.
    """

    def __init__(self, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(config, **kwargs)
        for name in self._names():
            setattr(self, name, kind_of(config)(self.config, name=name))

    def _names(self) -> list[str]:
        return [f"network_{number}" for number in range(self.config.networks)]

    def members(self) -> list[Network]:
        """The networks."""
        return [getattr(self, name) for name in self._names()]

    def build_layers(self, input_shape: tuple) -> None:
        """Builds every network; `input_shape` is [B, H, W, 3], its sides may be None."""
        for member in self.members():
            member.build(input_shape)

    @tf.autograph.experimental.do_not_convert  # it branches on no tensor: converting all of its source takes seconds
    def call(self, images: tf.Tensor, training: bool = False, seed: tf.Tensor | None = None) -> Values:
        """Runs the networks.

        Args:
            images: float32 [B, H, W, 3], ImageNet-normalised RGB.
            training: as each network has it.
            seed: int32 [2] that fixes what is random in training; None draws from TensorFlow's global generator.

        Returns:
            As each network does: masks and logits are the mean of theirs, scores are those of the mean of their
            probabilities.
        """
        return self.together(self.each(images, training, seed))

    def each(self, images: tf.Tensor, training: bool, seed: tf.Tensor | None = None) -> list[Values]:
        """What every network returns; the first draws what it would alone."""
        seeds = [seed] * self.config.networks
        if seed is not None:
            fold_in = tf.random.experimental.stateless_fold_in
            seeds[1:] = [fold_in(seed, number, alg="philox") for number in range(1, self.config.networks)]
        return [member(images, training=training, seed=own) for member, own in zip(self.members(), seeds, strict=True)]

    def together(self, outputs: list[Values]) -> Values:
        """The mean of what the networks return, as `call` has it."""
        stacked = {name: tf.stack([one[name] for one in outputs]) for name in outputs[0]}
        scores = stacked.pop("scores")
        # log p - log(1 - p) of p = mean sigmoid(scores), without rounding either to 0
        scores = _log_sum_sigmoid(scores) - _log_sum_sigmoid(-scores)
        return {name: tf.reduce_mean(value, axis=0) for name, value in stacked.items()} | {"scores": scores}


def _log_sum_sigmoid(scores: tf.Tensor) -> tf.Tensor:
    """log(sum(sigmoid(scores))) over the first axis, by operations that TensorFlow Lite has."""
    logs = tf.minimum(scores, 0.0) - tf.math.log(1.0 + tf.exp(-tf.abs(scores)))
    largest = tf.reduce_max(logs, axis=0)
    return largest + tf.math.log(tf.reduce_sum(tf.exp(logs - largest), axis=0))
