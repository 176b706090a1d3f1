"""The release's SGD: four parameter groups, and weight decay that goes through the momentum."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import keras
import tensorflow as tf

from wsfcn_tf.config import TrainingConfig
from wsfcn_tf.models import Network
from wsfcn_tf.training.loss_scale import LossScale
from wsfcn_tf.training.schedule import Schedule, build_schedule

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
        schedule: the course of the rate.
        loss_scaling: for float16: the loss is differentiated at a scale (`scale_loss`), and a step whose gradients
            overflow changes no weight and no momentum; it counts as a step.
        **kwargs: Keras' own, such as `use_ema`.
    """

    def __init__(
        self,
        learning_rate: float,
        momentum: float,
        multipliers: Sequence[float],
        decays: Sequence[float],
        schedule: Schedule | Mapping[str, Any] = Schedule(),  # noqa: B008
        loss_scaling: bool = False,
        name: str = "grouped_sgd",
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate=learning_rate, momentum=momentum, name=name, **kwargs)
        self.multipliers, self.decays = list(multipliers), list(decays)
        self.schedule = schedule if isinstance(schedule, Schedule) else Schedule(**schedule)
        self.loss_scale = LossScale() if loss_scaling else None

    def scale_loss(self, loss: tf.Tensor) -> tf.Tensor:
        """The loss whose gradients `apply_gradients` takes."""
        return loss if self.loss_scale is None else self.loss_scale.scaled(loss)

    def apply_gradients(self, grads_and_vars: Iterable[tuple[tf.Tensor, Any]], **kwargs: Any) -> Any:
        """Updates the variables; under replicas, call it in replica context with gradients that are to be summed."""
        pairs = list(grads_and_vars)
        # The gradients are summed over replicas, the decay must count once.
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        share = self.schedule.share(tf.convert_to_tensor(self.iterations))
        if self.loss_scale is not None:
            gradients = self.loss_scale.unscaled([gradient for gradient, _ in pairs])
            pairs = [(gradient, variable) for gradient, (_, variable) in zip(gradients, pairs, strict=True)]
        grouped = [
            (share * multiplier * (gradient + decay / replicas * tf.convert_to_tensor(variable)), variable)
            for (gradient, variable), multiplier, decay in zip(pairs, self.multipliers, self.decays, strict=True)
        ]
        return super().apply_gradients(grouped, **kwargs)

    def update_step(self, gradient: tf.Tensor, variable: Any, *rate: Any) -> None:
        """Keras' hook for one variable; Keras 3 hands it the rate, too."""
        if self.loss_scale is None:
            super().update_step(gradient, variable, *rate)
            return
        update = super().update_step

        def apply() -> tf.Tensor:
            update(gradient, variable, *rate)
            return tf.constant(True)

        # after an overflow, every number of every gradient is NaN
        tf.cond(tf.math.is_finite(tf.reshape(gradient, [-1])[0]), apply, lambda: tf.constant(False))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "multipliers": self.multipliers,
            "decays": self.decays,
            "schedule": asdict(self.schedule),
            "loss_scaling": self.loss_scale is not None,
        }


def build_optimizer(model: Network, config: TrainingConfig, steps_per_epoch: int | None = None) -> GroupedSGD:
    """The optimiser for a model's trainable variables.

    Biases and BatchNorm shifts take the bias multipliers and no decay; kernels and BatchNorm scales take the others.

    Args:
        model: built.
        config: rates, multipliers, momentum, decay, schedule, average, precision.
        steps_per_epoch: needed where the schedule is not the constant one.

    Returns:
        The optimiser, built: its slots exist and can be restored.

    Raises:
        ValueError: `steps_per_epoch` is None and needed.
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
    optimizer = GroupedSGD(
        config.learning_rate,
        config.momentum,
        multipliers,
        decays,
        build_schedule(config, steps_per_epoch),
        loss_scaling=config.precision == "float16",
        **({"use_ema": True, "ema_momentum": config.ema} if config.ema else {}),
    )
    optimizer.build(model.trainable_variables)
    return optimizer
