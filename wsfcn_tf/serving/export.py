"""A trained network as a SavedModel that needs nothing but TensorFlow, as TensorFlow Serving loads it."""

from pathlib import Path

import tensorflow as tf

from wsfcn_tf.config import InferenceConfig
from wsfcn_tf.errors import UserError
from wsfcn_tf.files import replacing
from wsfcn_tf.models import Network
from wsfcn_tf.ops.normalise import normalise
from wsfcn_tf.weights.trained import Trained

CLASSES = Path("assets.extra") / "classes.txt"


class Segmenter(tf.Module):
    """Photos to labels, with the rules of `inference.background` inside; one view, at the photo's own size.

    `predict(images)` takes uint8 RGB [B, H, W, 3] and gives labels, uint8 [B, H, W] with 0 for background, and scores,
    float32 [B, C] in [0, 1].

    Args:
        network: built.
        config: the rules; its views do not count.
    """

    def __init__(self, network: Network, config: InferenceConfig) -> None:
        super().__init__()
        # The variables and not the network: what saves a module would trace a Keras 3 model's own call, too.
        self.parameters = [v if isinstance(v, tf.Variable) else v.value for v in network.variables]

        @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3], tf.uint8, name="images")])
        def predict(images: tf.Tensor) -> dict[str, tf.Tensor]:
            outputs = network(normalise(tf.cast(images, tf.float32) / 255.0), training=False)
            scores = tf.sigmoid(outputs["scores"])
            present = tf.cast(scores > config.presence_threshold, tf.float32)
            foreground = outputs["masks"][..., 1:] * present[:, None, None]
            masks = tf.concat([_background(outputs["masks"][..., :1], config), foreground], axis=-1)
            return {"labels": tf.cast(tf.argmax(masks, axis=-1), tf.uint8), "scores": scores}

        self.predict = predict


def _background(mask: tf.Tensor, config: InferenceConfig) -> tf.Tensor:
    if config.background == "constant":
        return tf.fill(tf.shape(mask), config.background_value)
    return mask**config.background_value if config.background == "power" else mask


def export(trained: Trained, inference: InferenceConfig, output: str | Path) -> None:
    """Writes a SavedModel, complete or not at all; its signature `serving_default` is `Segmenter.predict`.

    The class names, one per line in the order of the labels from 1 on, are in assets.extra/classes.txt.

    Args:
        trained: from `load_trained`.
        inference: the background and presence rules; one view and no CRF, whatever it says.
        output: the folder to make; for TensorFlow Serving MODELS/NAME/VERSION, with a whole number as VERSION.

    Raises:
        UserError: the folder exists.
    """
    output = Path(output)
    if output.exists():
        raise UserError(f"{output}: exists; export to another folder, such as the next version number")
    segmenter = Segmenter(trained.model, inference)
    with replacing(output) as folder:
        tf.saved_model.save(segmenter, str(folder), signatures={"serving_default": segmenter.predict})
        (folder / CLASSES).parent.mkdir(exist_ok=True)
        (folder / CLASSES).write_text("".join(f"{name}\n" for name in trained.class_names), encoding="utf-8")
