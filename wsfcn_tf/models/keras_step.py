"""What Keras hands to a training step and gets back: batches and weights, metrics, and some optimisers' loss scale."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from wsfcn_tf.config import InferenceConfig
from wsfcn_tf.metrics import MeanAveragePrecision, MeanIoU


class Batch(NamedTuple):
    """What a step is given.

    Images [B, H, W, 3 or 4], tags [B, C], index masks [B, H, W] or None, weights [B] of the losses or None, and how far
    masks are trusted, [B, H, W] or None.
    """

    images: tf.Tensor
    tags: tf.Tensor
    masks: tf.Tensor | None
    sample_weight: tf.Tensor | None
    trust: tf.Tensor | None


def unpacked(data: tuple) -> Batch:
    """What `fit` and `evaluate` are given: (images, y), (images, y, weights) or (images, y, names of the photos).

    Raises:
        ValueError: there are no tags, or y is a mapping with other keys than "tags", "masks" and "trust".
    """
    if not isinstance(data, tuple) or len(data) < 2 or data[1] is None:
        raise ValueError("fit and evaluate take photos and tags: pass y=tags, float32 [N, C], or batches of both")
    images, y, *rest = data
    if isinstance(y, Mapping) and not {"tags"} <= set(y) <= {"tags", "masks", "trust"}:
        raise ValueError(f'y has the keys {sorted(y)}: pass tags, or {{"tags": tags, "masks": index masks}}')
    y = y if isinstance(y, Mapping) else {"tags": y}
    tags, masks, trust = y["tags"], y.get("masks"), y.get("trust")
    weight = rest[0] if rest else None
    if isinstance(weight, Mapping):  # Keras 3 gives each part of y the weight
        weight = weight["tags"]
    if weight is None or weight.dtype == tf.string:  # names of photos
        return Batch(images, tags, masks, None, trust)
    return Batch(images, tags, masks, tf.reshape(tf.cast(weight, tf.float32), [-1]), trust)


def there(values: Mapping[str, tf.Tensor | None]) -> dict[str, tf.Tensor]:
    """Those that are not None."""
    return {name: value for name, value in values.items() if value is not None}


class Reports:
    """What `fit` and `evaluate` report: means of the objective's values, and metrics.

    Args:
        names: of the objective's values.
        num_classes: C.
        metrics: Keras metrics or names, of scores against tags; or {"scores": ..., "masks": ...} of such, "masks" of
            probabilities [B, H, W, 1 + C] against index masks.
        weighted_metrics: such, which `sample_weight` weighs.

    Raises:
        ValueError: another key than these two, or two metrics of one name.
    """

    def __init__(self, names: Sequence[str], num_classes: int, metrics: Any, weighted_metrics: Any) -> None:
        self._num_classes = num_classes
        #: what `compile` was given
        self.asked_for = {"metrics": metrics, "weighted_metrics": weighted_metrics}
        self.means = {name: keras.metrics.Mean(name=name) for name in names}
        self._metrics = [*_asked(metrics, weighted=False), *_asked(weighted_metrics, weighted=True)]
        taken = [*names, *(asked.name for asked in self._metrics)]
        if twice := [name for name in taken if taken.count(name) > 1]:
            raise ValueError(f'two figures are called "{twice[0]}": give the metric another name=')
        own = [MeanAveragePrecision(num_classes), MeanIoU(num_classes)]
        self._measured = {metric.name: metric for metric in own if metric.name not in taken}
        #: the network's outputs that metrics want of a training step, too
        self.watched = tuple(sorted({asked.output for asked in self._metrics}))

    def shapes(self, size: Sequence[int | None]) -> dict[str, tuple[int | None, ...]]:
        """Of what a step hands on of an image of [H, W]: the objective's values, and the outputs that are watched."""
        outputs = {"scores": (self._num_classes,), "masks": (*size, 1 + self._num_classes)}
        return dict.fromkeys(self.means, ()) | {name: outputs[name] for name in self.watched}

    def reset(self) -> None:
        """Begins anew."""
        for metric in (*self.means.values(), *self._measured.values(), *(asked.metric for asked in self._metrics)):
            metric.reset_state()

    def update(
        self, values: dict[str, tf.Tensor], outputs: dict[str, tf.Tensor], batch: Batch, evaluating: bool
    ) -> dict[str, tf.Tensor]:
        """Takes a batch's values and outputs; returns what there is to report so far.

        If `evaluating`, that is mAP and, with masks, mIoU as well, where no metric of these names was asked for.

        Raises:
            ValueError: metrics of masks are asked for, and the batch has none.
        """
        reported = dict(self.means)
        for name, mean in self.means.items():
            mean.update_state(values[name])
        for asked in self._metrics:
            asked.update(outputs[asked.output], batch)
            reported[asked.name] = asked.metric
        if evaluating and "map" in self._measured:
            reported["map"] = self._measured["map"]
            reported["map"].update_state(batch.tags, outputs["scores"])
        if evaluating and "miou" in self._measured and batch.masks is not None:
            reported["miou"] = self._measured["miou"]
            reported["miou"].update_state(batch.masks, _of_present(outputs))
        return {name: metric.result() for name, metric in reported.items()}


class _Asked(NamedTuple):
    """A metric that the user asked for, under the name that was said."""

    name: str
    metric: keras.metrics.Metric
    output: str
    weighted: bool

    def update(self, output: tf.Tensor, batch: Batch) -> None:
        """Takes a batch's output."""
        weight = batch.sample_weight if self.weighted else None
        if self.output == "scores":
            self.metric.update_state(batch.tags, output, sample_weight=weight)
            return
        if batch.masks is None:
            raise ValueError('metrics of masks need them: pass y={"tags": tags, "masks": index masks}')
        if weight is not None:
            weight = weight[:, None, None] * tf.ones(tf.shape(batch.masks))
        self.metric.update_state(batch.masks, output, sample_weight=weight)


def _asked(metrics: Any, weighted: bool) -> Iterator[_Asked]:
    by_output = metrics if isinstance(metrics, Mapping) else {"scores": metrics}
    for output, some in by_output.items():
        if output not in ("scores", "masks"):
            raise ValueError(f'metrics are of "scores" and "masks", not of "{output}"')
        for given in some if isinstance(some, list | tuple) else [some]:
            if given is not None:
                metric = keras.metrics.get(given)
                if not isinstance(metric, keras.metrics.Metric):  # a function; Keras 2 has some for names, too
                    metric = keras.metrics.MeanMetricWrapper(metric, name=metric.__name__)
                yield _Asked(given if isinstance(given, str) else metric.name, metric, output, weighted)


def _of_present(outputs: dict[str, tf.Tensor]) -> tf.Tensor:
    """Masks without the classes that their scores say are not there, as `predict` leaves them out."""
    present = tf.cast(tf.sigmoid(outputs["scores"]) > InferenceConfig().presence_threshold, tf.float32)
    background = tf.ones_like(present[:, :1])
    return outputs["masks"] * tf.concat([background, present], axis=-1)[:, None, None]


def weighted(values: dict[str, tf.Tensor], sample_weight: tf.Tensor | None) -> dict[str, tf.Tensor]:
    """Per-image values {name: float32 [B]}, of which "loss" is multiplied by float32 [B]."""
    return values if sample_weight is None else {**values, "loss": values["loss"] * sample_weight}


def with_loss_scale(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    """An optimiser for float16, whose smallest number is 6e-8: the same if it scales losses, else one around it."""
    scales = isinstance(optimizer, keras.mixed_precision.LossScaleOptimizer) or getattr(optimizer, "loss_scale", None)
    return optimizer if scales else keras.mixed_precision.LossScaleOptimizer(optimizer)


def scaled(optimizer: keras.optimizers.Optimizer, loss: tf.Tensor) -> tf.Tensor:
    """The loss that an optimiser wants differentiated: for float16, at a scale."""
    for name in ("scale_loss", "get_scaled_loss"):  # Keras 3 and `GroupedSGD`; Keras 2's LossScaleOptimizer
        if hasattr(optimizer, name):
            return getattr(optimizer, name)(loss)
    return loss


def unscaled(optimizer: keras.optimizers.Optimizer, gradients: list[tf.Tensor]) -> list[tf.Tensor]:
    """The gradients that `apply_gradients` takes: only Keras 2's LossScaleOptimizer does not divide by the scale."""
    return optimizer.get_unscaled_gradients(gradients) if hasattr(optimizer, "get_unscaled_gradients") else gradients
