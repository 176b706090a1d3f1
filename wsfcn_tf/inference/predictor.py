"""Running the network on photos of any size, one at a time, at one or several scales."""

from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf

from wsfcn_tf.config import InferenceConfig
from wsfcn_tf.inference.background import apply_rules, sigmoid, to_labels
from wsfcn_tf.inference.crf import dense_crf
from wsfcn_tf.inference.prediction import Prediction
from wsfcn_tf.inference.views import scaled
from wsfcn_tf.ops import resize_half_pixel
from wsfcn_tf.ops.normalise import normalise


class Predictor:
    """Turns a photo into a `Prediction`: the mean of its views' masks, each class's best score, and a CRF if asked for.

    Traces the network once, whatever sizes follow. Views that are mirror images of each other are one batch.

    Args:
        model: as `build_model` returns it; called as `model(images, training=False)`.
        config: the views and the inference rules.
    """

    def __init__(self, model: Callable[..., Mapping[str, tf.Tensor]], config: InferenceConfig) -> None:
        self._config = config

        @tf.function(input_signature=[tf.TensorSpec([None, None, 3], tf.uint8), tf.TensorSpec([2], tf.int32)])
        def forward(image: tf.Tensor, size: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            views = [image, tf.reverse(image, [1])] if config.flip else [image]
            outputs = model(normalise(tf.cast(tf.stack(views), tf.float32) / 255.0), training=False)
            masks = outputs["masks"]
            if config.flip:
                masks = tf.stack([masks[0], tf.reverse(masks[1], [1])])
            return resize_half_pixel(masks, size), outputs["scores"]

        self._forward = forward

    def __call__(self, image: np.ndarray) -> Prediction:
        """Predicts one photo: uint8 RGB [H, W, 3]."""
        size = np.asarray(image.shape[:2], np.int32)
        views = [self._forward(scaled(image, scale), size) for scale in self._config.scales]
        raw_masks = np.concatenate([masks for masks, _ in views]).mean(axis=0)
        scores = np.concatenate([scores for _, scores in views]).max(axis=0)
        masks = apply_rules(raw_masks, scores, self._config)
        crf, unrefined = self._config.crf, None
        if crf.iterations > 0:
            unrefined = to_labels(masks)
            if crf.background_power > 0:
                masks[..., 0] = (1.0 - masks[..., 1:].max(axis=-1)) ** crf.background_power
            masks = dense_crf(image, masks, crf)
        return Prediction(to_labels(masks), sigmoid(scores), masks, raw_masks, unrefined)
