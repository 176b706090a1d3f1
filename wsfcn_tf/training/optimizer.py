"""The release's SGD: four parameter groups, and weight decay that goes through the momentum."""

from collections.abc import Iterable, Sequence
from typing import Any

import keras
import tensorflow as tf

from wsfcn_tf.config import TrainingConfig
from wsfcn_tf.models import Network

register = keras.saving.register_keras_serializable(package="wsfcn_tf")


@register
class GroupedSGD(keras.optimizers.SGD):
    """SGD whose variables have rates and decays of their own: m = mu m + (g + d w); w -= lr r m.

    Keras' own `weight_decay` is decoupled and has one rate for all. Here r (g + d w) goes in as the gradient, which at
    a constant rate is the same as the formula above.

    Args:
        learning_rate: lr.
        momentum: mu.
        multipliers: r of each variable, in the order in which they are trained.
        decays: d of each variable.
        cooldown: (first, last) step between which the rate falls linearly to 0; None keeps it.
    """

    def __init__(
        self,
        learning_rate: float,
        momentum: float,
        multipliers: Sequence[float],
        decays: Sequence[float],
        cooldown: tuple[int, int] | None = None,
        name: str = "grouped_sgd",
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate=learning_rate, momentum=momentum, name=name, **kwargs)
        self.multipliers, self.decays = list(multipliers), list(decays)
        self.cooldown = tuple(cooldown) if cooldown else None

    def apply_gradients(self, grads_and_vars: Iterable[tuple[tf.Tensor, Any]], **kwargs: Any) -> Any:
        """Updates the variables; under replicas, call it in replica context with gradients that are to be summed."""
        pairs = list(grads_and_vars)
        # The gradients are summed over replicas, the decay must count once.
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        share = self.rate_share()
        grouped = [
            (share * multiplier * (gradient + decay / replicas * tf.convert_to_tensor(variable)), variable)
            for (gradient, variable), multiplier, decay in zip(pairs, self.multipliers, self.decays, strict=True)
        ]
        return super().apply_gradients(grouped, **kwargs)

    def rate_share(self) -> tf.Tensor | float:
        """What share of the learning rate the next step takes, in [0, 1]."""
        if self.cooldown is None:
            return 1.0
        first, last = self.cooldown
        step = tf.cast(tf.convert_to_tensor(self.iterations), tf.float32)
        return tf.clip_by_value((last - step) / (last - first), 0.0, 1.0)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "multipliers": self.multipliers,
            "decays": self.decays,
            "cooldown": self.cooldown,
        }


def build_optimizer(model: Network, config: TrainingConfig, steps_per_epoch: int | None = None) -> GroupedSGD:
    """The optimiser for a model's trainable variables.

    Biases and BatchNorm shifts take the bias multipliers and no decay; kernels and BatchNorm scales take the others.

    Args:
        model: built.
        config: rates, multipliers, momentum, decay, cooldown.
        steps_per_epoch: needed where `config.cooldown_epochs` is not 0.

    Returns:
        The optimiser, built: its slots exist and can be restored.

    Raises:
        ValueError: there is a cooldown, and `steps_per_epoch` is None.
    """
    backbone = {id(variable) for variable in model.backbone.trainable_variables}
    multipliers, decays = [], []
    for variable in model.trainable_variables:
        is_bias = variable.name.split("/")[-1].split(":")[0] in ("bias", "beta")
        if id(variable) in backbone:
            multipliers.append(config.backbone_bias_multiplier if is_bias else 1.0)
        else:
            multipliers.append(config.new_bias_multiplier if is_bias else config.new_weight_multiplier)
        decays.append(0.0 if is_bias else config.weight_decay)
    cooldown = None
    if config.cooldown_epochs:
        if steps_per_epoch is None:
            raise ValueError("a TrainingConfig with cooldown_epochs needs steps_per_epoch")
        cooldown = tuple(epoch * steps_per_epoch for epoch in (config.epochs - config.cooldown_epochs, config.epochs))
    optimizer = GroupedSGD(config.learning_rate, config.momentum, multipliers, decays, cooldown)
    optimizer.build(model.trainable_variables)
    return optimizer
