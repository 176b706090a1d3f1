"""Running the network on photos of any size, one at a time and at one scale."""

from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf

from wsfcn_tf.config import InferenceConfig
from wsfcn_tf.inference.background import apply_rules, sigmoid, to_labels
from wsfcn_tf.inference.prediction import Prediction
from wsfcn_tf.ops.normalise import normalise


class Predictor:
    """Turns a photo into a `Prediction`. Traces the network once, whatever sizes follow.

    Args:
        model: as `build_model` returns it; called as `model(images, training=False)`.
        config: the inference rules.
    """

    def __init__(self, model: Callable[..., Mapping[str, tf.Tensor]], config: InferenceConfig) -> None:
        self._config = config

        @tf.function(input_signature=[tf.TensorSpec([1, None, None, 3], tf.uint8)])
        def forward(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            outputs = model(normalise(tf.cast(images, tf.float32) / 255.0), training=False)
            return outputs["masks"][0], outputs["scores"][0]

        self._forward = forward

    def __call__(self, image: np.ndarray) -> Prediction:
        """Predicts one photo: uint8 RGB [H, W, 3]."""
        masks, scores = (output.numpy() for output in self._forward(image[np.newaxis]))
        masks = apply_rules(masks, scores, self._config)
        return Prediction(labels=to_labels(masks), scores=sigmoid(scores), masks=masks)
