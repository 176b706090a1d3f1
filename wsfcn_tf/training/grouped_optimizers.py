"""SGD and AdamW whose variables have rates and decays of their own, as the release's parameter groups have."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import keras
import tensorflow as tf

from wsfcn_tf.training.loss_scale import LossScale
from wsfcn_tf.training.schedule import Schedule

register = keras.saving.register_keras_serializable(package="wsfcn_tf")
_EPSILON = 1e-7  # Keras' own


class Grouped(keras.optimizers.SGD):
    """What both share; of Keras' SGD they take the rate, and `momentums`, a slot for each variable.

    Args:
        learning_rate: lr.
        momentum: mu of SGD, beta 1 of AdamW.
        multipliers: r of each variable, in the order in which they are trained.
        decays: d of each variable.
        schedule: the course of the rate.
        loss_scaling: for float16: the loss is differentiated at a scale (`scale_loss`), and a step whose gradients
            overflow changes no weight and no slot; it counts as a step.
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
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate=learning_rate, momentum=momentum, **kwargs)
        self.multipliers, self.decays = list(multipliers), list(decays)
        self.schedule = schedule if isinstance(schedule, Schedule) else Schedule(**schedule)
        self.loss_scale = LossScale() if loss_scaling else None
        self._places = _Places()
        if hasattr(self, "jit_compile"):
            self.jit_compile = False  # Keras 2 would hand `update_step` copies of the variables

    def build(self, variables: Sequence[Any]) -> None:
        """Makes the slots; call it in the strategy's scope."""
        super().build(variables)
        self._places.note(variables)

    def scale_loss(self, loss: tf.Tensor) -> tf.Tensor:
        """The loss whose gradients `apply_gradients` takes."""
        return loss if self.loss_scale is None else self.loss_scale.scaled(loss)

    def apply_gradients(self, grads_and_vars: Iterable[tuple[tf.Tensor, Any]], **kwargs: Any) -> Any:
        """Updates the variables; under replicas, call it in replica context with gradients that are to be summed."""
        pairs = list(grads_and_vars)
        if self.loss_scale is not None:
            gradients = self.loss_scale.unscaled([gradient for gradient, _ in pairs])
            pairs = [(gradient, variable) for gradient, (_, variable) in zip(gradients, pairs, strict=True)]
        return super().apply_gradients(self.grouped(pairs), **kwargs)

    def grouped(self, pairs: list[tuple[tf.Tensor, Any]]) -> list[tuple[tf.Tensor, Any]]:
        """What is summed over replicas and goes into `update_step`, of gradients and variables."""
        return pairs

    def share(self) -> tf.Tensor | float:
        """What share of the rate this step takes."""
        return self.schedule.share(tf.convert_to_tensor(self.iterations))

    def unless_overflown(self, gradient: tf.Tensor, update: Callable[[], None]) -> None:
        """Updates, but not in a step whose gradients have overflown: every number of every gradient is NaN then."""
        if self.loss_scale is None:
            update()
            return

        def apply() -> tf.Tensor:
            update()
            return tf.constant(True)

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


@register
class GroupedSGD(Grouped):
    """The release's SGD: m = mu m + (g + d w); w -= lr r m. Weight decay goes through the momentum.

    Keras' own `weight_decay` is decoupled and has one rate for all. Here r (g + d w) goes in as the gradient, which at
    a constant rate is the same as the formula above.
    """

    def __init__(self, *args: Any, name: str = "grouped_sgd", **kwargs: Any) -> None:
        super().__init__(*args, name=name, **kwargs)

    def grouped(self, pairs: list[tuple[tf.Tensor, Any]]) -> list[tuple[tf.Tensor, Any]]:
        """Each r (g + d w), by the schedule."""
        # The gradients are summed over replicas, the decay must count once.
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        share, result = self.share(), []
        for (gradient, variable), multiplier, decay in zip(pairs, self.multipliers, self.decays, strict=True):
            with tf.control_dependencies([gradient]):  # a graph would begin with the decays of all and keep them
                decayed = gradient + decay / replicas * tf.convert_to_tensor(variable)
            result.append((share * multiplier * decayed, variable))
        return result

    def update_step(self, gradient: tf.Tensor, variable: Any, *rate: Any) -> None:
        """Keras' hook for one variable; Keras 3 hands it the rate, too."""
        weight = _inner(variable)
        lr, momentum = (
            tf.cast(value, weight.dtype) for value in (rate[0] if rate else self.learning_rate, self.momentum)
        )

        def update() -> None:
            if not self.momentum:
                weight.assign_sub(lr * gradient)
                return
            # In place: of Keras' own operations, a graph would begin with mu m of all variables and keep them.
            slot = _inner(self.momentums[self._places.of(variable)])
            tf.raw_ops.ResourceApplyKerasMomentum(
                var=weight.handle,
                accum=slot.handle,
                lr=lr,
                grad=gradient,
                momentum=momentum,
                use_nesterov=self.nesterov,
            )

        self.unless_overflown(gradient, update)


@register
class GroupedAdamW(Grouped):
    """AdamW (arXiv 1711.05101): m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; w -= lr r (a m / (sqrt(v) + e) + d w).

    a = sqrt(1 - b2^t) / (1 - b1^t) in step t, which counts from 1. With r = 1 it is `keras.optimizers.AdamW`.

    Args:
        *args: as of `Grouped`; `momentum` is b1.
        beta_2: b2.
        **kwargs: likewise.
    """

    def __init__(self, *args: Any, beta_2: float = 0.999, name: str = "grouped_adamw", **kwargs: Any) -> None:
        super().__init__(*args, name=name, **kwargs)
        self.beta_2 = beta_2
        self.velocities: list[Any] = []

    def build(self, variables: Sequence[Any]) -> None:
        """Makes the slots; call it in the strategy's scope."""
        super().build(variables)
        if not self.velocities:
            self.velocities = [self.add_variable_from_reference(variable, "velocity") for variable in variables]

    def grouped(self, pairs: list[tuple[tf.Tensor, Any]]) -> list[tuple[tf.Tensor, Any]]:
        """The gradients themselves: Adam's step hardly depends on their scale, so rates apply to the step."""
        if len(pairs) != len(self.multipliers):
            raise ValueError(f"{len(pairs)} gradients of {len(self.multipliers)} variables")
        return pairs

    def update_step(self, gradient: tf.Tensor, variable: Any, *rate: Any) -> None:
        """Keras' hook for one variable; Keras 3 hands it the rate, too."""
        place, weight = self._places.of(variable), _inner(variable)
        lr = self.multipliers[place] * self.share() * tf.cast(rate[0] if rate else self.learning_rate, tf.float32)
        step = tf.cast(tf.convert_to_tensor(self.iterations) + 1, tf.float32)
        correction = tf.sqrt(1.0 - self.beta_2**step) / (1.0 - self.momentum**step)

        def update() -> None:
            first = _moved(self.momentums[place], gradient, self.momentum) if self.momentum else gradient
            second = _moved(self.velocities[place], tf.square(gradient), self.beta_2)
            direction = correction * first / (tf.sqrt(second) + _EPSILON)
            with tf.control_dependencies([direction]):  # as in `GroupedSGD.grouped`
                decay = self.decays[place] * tf.convert_to_tensor(weight)
            weight.assign_sub(lr * (direction + decay))

        self.unless_overflown(gradient, update)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "beta_2": self.beta_2}


class _Places:
    """At which place among the trained variables one is, or the part of it that a replica holds."""

    def __init__(self) -> None:
        self._places: dict[Any, int] = {}

    def note(self, variables: Sequence[Any]) -> None:
        """Notes them, the first time; Keras 2 builds an optimiser with every step."""
        if not self._places:
            local = tf.distribute.get_strategy().experimental_local_results
            for place, variable in enumerate(variables):
                self._places.update({part.ref(): place for part in local(_inner(variable))})

    def of(self, variable: Any) -> int:
        return self._places[_inner(variable).ref()]


def _inner(variable: Any) -> tf.Variable:
    """TensorFlow's variable within one of Keras 3."""
    return variable if isinstance(variable, tf.Variable) else variable.value


def _moved(slot: Any, value: tf.Tensor, share: float) -> tf.Tensor:
    """A slot's new value: `share` of what it was, the rest of `value`."""
    slot = _inner(slot)
    moved = slot + (value - slot) * (1.0 - share)
    slot.assign(moved)
    return moved
