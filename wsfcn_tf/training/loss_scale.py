"""Dynamic loss scaling: what float16's gradients need, whose smallest number is 6e-8.

The loss is multiplied by a large scale before backpropagation and the gradients are divided by it after. Where they
overflow, the step is skipped and the scale halved; after `growth_steps` steps without, it doubles (Micikevicius et al.,
arXiv 1710.03740). Keras' own `LossScaleOptimizer` differs between its generations, and one of them hides the scale, so
that no checkpoint could hold it.
"""

from collections.abc import Sequence

import tensorflow as tf


class LossScale:
    """A scale and the number of steps since it changed; make it in the strategy's scope.

    Args:
        initial: the first scale.
        growth_steps: so many steps without overflow double it.
    """

    def __init__(self, initial: float = 2.0**15, growth_steps: int = 2000) -> None:
        self.growth_steps = growth_steps
        self.scale = _variable(initial, tf.float32, "loss_scale")
        self.good_steps = _variable(0, tf.int64, "loss_scale_good_steps")

    @property
    def variables(self) -> list[tf.Variable]:
        """What a checkpoint must hold."""
        return [self.scale, self.good_steps]

    def scaled(self, loss: tf.Tensor) -> tf.Tensor:
        """The loss that is to be differentiated."""
        return loss * self.scale

    def unscaled(self, gradients: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """The gradients of the loss itself, once per step; adapts the scale. Call it in replica context.

        Returns:
            The gradients; if one of them, on any replica, is not finite, all of them are NaN on every replica.
        """
        context = tf.distribute.get_replica_context()
        finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(gradient)) for gradient in gradients])
        overflow = context.all_reduce(tf.distribute.ReduceOp.SUM, tf.cast(~finite, tf.float32)) > 0.0
        factor = tf.where(overflow, float("nan"), 1.0 / self.scale)
        unscaled = [gradient * factor for gradient in gradients]
        good_steps = tf.where(overflow, tf.zeros([], tf.int64), self.good_steps + 1)
        grows = good_steps >= self.growth_steps
        scale = tf.where(overflow, self.scale / 2.0, tf.where(grows, self.scale * 2.0, self.scale))
        self.scale.assign(tf.clip_by_value(scale, 1.0, 2.0**24))
        self.good_steps.assign(tf.where(grows, tf.zeros([], tf.int64), good_steps))
        return unscaled


def _variable(value: float, dtype: tf.DType, name: str) -> tf.Variable:
    return tf.Variable(
        value, trainable=False, dtype=dtype, name=name, aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA
    )
