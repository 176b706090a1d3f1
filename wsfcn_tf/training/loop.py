"""The training loop: epochs and steps under a strategy, and Keras' callbacks around them.

A step computes losses and updates weights, nothing else. All that surrounds it is a `keras.callbacks.Callback`, which
this loop calls as `model.fit` does: the same hooks in the same order with the same logs.

    on_train_begin
      on_epoch_begin(epoch)
        on_train_batch_begin(step)    before the step, on_train_batch_end(step, logs) after it
      on_epoch_end(epoch, logs)       `Validation`, the first in the list, adds val_* to these logs; the callbacks that
                                      it is given see on_test_begin, on_test_batch_begin, ... before
    on_train_end(logs)

Epochs and steps count from 0. Logs are floats, the means over the epoch's images so far. `model.stop_training` ends the
training after the step, or the epoch, in which a callback sets it. `callbacks.params` has epochs, steps and verbose.

What the loop has and `fit` has not: it begins at any step of any epoch, adds up in float64, names the photos of a loss
that is not finite, times how long a batch was waited for, and reads logs asynchronously (`AsyncMeans`): unless a
callback of the user's reads them, those of a batch are one step late.

Who owns what: the model and its optimiser own weights, momentum, rate, average and the number of steps; `AsyncMeans`
owns what the epoch has added up; the callback `Checkpoint` knows epoch and step, saves all of these and restores them.
The run's tables own the past: the best epoch is told from them alone.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from itertools import islice

import keras
import tensorflow as tf

from wsfcn_tf.data.pipeline import user_errors
from wsfcn_tf.models import Network
from wsfcn_tf.runs.checkpoints import TrainingState
from wsfcn_tf.runs.totals import EpochTotals
from wsfcn_tf.training.async_means import AsyncMeans


def run_epochs(
    model: Network,
    strategy: tf.distribute.Strategy,
    batches: Iterator,
    callbacks: keras.callbacks.CallbackList,
    means: AsyncMeans,
    start: TrainingState,
) -> None:
    """Trains from a state to the last epoch.

    Args:
        model: compiled and built in the strategy's scope.
        strategy: the devices.
        batches: of all the steps from `start` on, distributed: (images, y, names) as `training_batches` has them.
        callbacks: with the model, and the params epochs and steps (of an epoch).
        means: what the epochs are added up in.
        start: where to begin; a callback restores the weights when training begins.

    Raises:
        UserError: a photo cannot be read, or a loss is not finite.
    """
    train_step, steps = compile_step(strategy, model), callbacks.params["steps"]
    model.stop_training = False
    callbacks.on_train_begin()
    for epoch in range(start.epoch, callbacks.params["epochs"]):
        first, totals = (start.step, deepcopy(start.totals)) if epoch == start.epoch else (0, EpochTotals())
        means.begin(epoch, totals)
        callbacks.on_epoch_begin(epoch)
        with user_errors():
            clocked = totals.clocked(islice(batches, steps - first))
            for step, (images, y, names) in enumerate(clocked, first):
                callbacks.on_train_batch_begin(step)
                values = train_step(images, y, model.self_supervision)
                means.update(values, strategy.experimental_local_results(names))  # `gather` takes no strings
                callbacks.on_train_batch_end(step, means.result())
                if model.stop_training:
                    break
            means.flush()
        callbacks.on_epoch_end(epoch, means.result())
        if model.stop_training:
            break
    model.optimizer.finalize_variable_values(model.trainable_variables)  # their average, with training.ema
    callbacks.on_train_end(means.result())


def compile_step(strategy: tf.distribute.Strategy, model: Network) -> tf.types.experimental.PolymorphicFunction:
    """The compiled step: (images, y, self_supervision) -> {name: [global batch]}, per-image values.

    `y` is tags, or {"tags": tags, "masks": index masks}, perhaps with their "trust".
    """

    @tf.function(autograph=False)  # it branches on no tensor: converting all of its source takes seconds
    def step(images: tf.Tensor, y: tf.Tensor | Mapping[str, tf.Tensor], self_supervision: bool) -> dict[str, tf.Tensor]:
        known = dict(y) if isinstance(y, Mapping) else {"tags": y}
        values = strategy.run(model.update, args=(images, known.pop("tags"), self_supervision), kwargs=known)
        return {name: strategy.gather(value, axis=0) for name, value in values.items()}

    return step
