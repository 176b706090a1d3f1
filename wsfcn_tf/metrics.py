"""Keras metrics of scores and masks, for `compile(metrics=...)` and `evaluate`."""

from typing import Any

import keras
import tensorflow as tf

register = keras.saving.register_keras_serializable(package="wsfcn_tf")
BINS, LIMIT = 2000, 16.0  # scores within 0.016 of each other count as equal; beyond sigmoid(16) nothing is told apart


@register
class MeanAveragePrecision(keras.metrics.Metric):
    """mAP of scores against tags: the mean over classes that some photo holds of the average precision.

    Not interpolated, as scikit-learn's. Scores are sorted into bins while batches go by, and those of a bin enter
    together, so that memory does not grow with the photos and replicas add up; 2,000 bins of a width of 0.016.

    Args:
        num_classes: C.
        name, dtype: Keras' own.
    """

    def __init__(self, num_classes: int, name: str = "map", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.num_classes = num_classes
        self.tagged = self.add_weight(name="tagged", shape=(BINS * num_classes,), initializer="zeros")
        self.counted = self.add_weight(name="counted", shape=(BINS * num_classes,), initializer="zeros")

    def update_state(self, y_true: tf.Tensor, y_pred: tf.Tensor, sample_weight: tf.Tensor | None = None) -> None:
        """Takes a batch.

        Args:
            y_true: tags [B, C] in {0, 1}.
            y_pred: scores [B, C], before the sigmoid.
            sample_weight: [B], what each photo counts; None counts each once.
        """
        scores, tags = tf.clip_by_value(tf.cast(y_pred, tf.float32), -LIMIT, LIMIT), tf.cast(y_true, tf.float32)
        counts = tf.ones_like(scores)
        if sample_weight is not None:
            counts *= tf.reshape(tf.cast(sample_weight, tf.float32), [-1, 1])
        # from the highest down, as thresholds fall
        bins = tf.cast(tf.round((LIMIT - scores) * (BINS - 1) / (2 * LIMIT)), tf.int32)
        slots = bins * self.num_classes + tf.range(self.num_classes)
        for sums, values in ((self.counted, counts), (self.tagged, counts * tags)):
            added = tf.math.unsorted_segment_sum(
                tf.reshape(values, [-1]), tf.reshape(slots, [-1]), BINS * self.num_classes
            )
            sums.assign_add(tf.cast(added, sums.dtype))

    def result(self) -> tf.Tensor:
        """The mean so far, in [0, 1]; 0 before any tagged photo."""
        tagged, counted = (
            tf.reshape(tf.convert_to_tensor(sums), [BINS, self.num_classes]) for sums in (self.tagged, self.counted)
        )
        held = tf.reduce_sum(tagged, axis=0)
        precision = tf.math.divide_no_nan(tf.cumsum(tagged), tf.cumsum(counted))
        values = tf.math.divide_no_nan(tf.reduce_sum(tagged * precision, axis=0), held)
        return tf.math.divide_no_nan(tf.reduce_sum(values), tf.reduce_sum(tf.cast(held > 0, values.dtype)))

    def reset_state(self) -> None:
        """Begins anew; Keras 2's own assigns numbers, and these are vectors."""
        for sums in (self.tagged, self.counted):
            sums.assign(tf.zeros(sums.shape, sums.dtype))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "num_classes": self.num_classes}


@register
class MeanIoU(keras.metrics.MeanIoU):
    """mIoU of masks against index masks: Keras' own, set for [B, H, W, 1 + C] probabilities and 255 as "ignore".

    Args:
        num_classes: C, without background.
        name, dtype: Keras' own.
    """

    def __init__(self, num_classes: int, name: str = "miou", dtype: Any = None) -> None:
        super().__init__(num_classes + 1, name=name, dtype=dtype, ignore_class=255, sparse_y_pred=False)
        self._classes = num_classes

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"name": self.name, "dtype": self.dtype, "num_classes": self._classes}
