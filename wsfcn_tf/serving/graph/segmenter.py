"""Photos to labels as a graph of TensorFlow's own operations: views, rules, decoding and encoding are all inside."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import tensorflow as tf

from wsfcn_tf.config import InferenceConfig
from wsfcn_tf.data.masks.png import voc_palette
from wsfcn_tf.models import Network
from wsfcn_tf.ops import resize_half_pixel
from wsfcn_tf.serving.graph.limits import LARGEST, LOOKED_AT, Limits
from wsfcn_tf.serving.graph.palette_png import encode_palette_png
from wsfcn_tf.serving.graph.photo import decode_photo
from wsfcn_tf.serving.graph.refinement import refine
from wsfcn_tf.serving.graph.rules import apply_rules, labels_at, to_labels
from wsfcn_tf.serving.graph.views import looked_at_size, mean_of_views, resize_bicubic

_TEXTS = tf.TensorSpec([None], tf.string, name="image_bytes")
_IMAGES = tf.TensorSpec([None, None, None, 3], tf.uint8, name="images")
SEPARATOR = ";"


@dataclass(frozen=True)
class ExportConfig:
    """How an exported network looks at photos.

    Attributes:
        inference: views and rules; its CRF does not count.
        inner_size: height and width that every photo is resized to, so that photos of all sizes are one batch; their
            masks are resized back, and `inference.photo_side` does not count. None looks at each photo in its own
            size, or in that of `inference.photo_side`.
        refine: "pamr" moves borders to image borders behind the rules; "none" does not.
        limits: what is refused.
    """

    inference: InferenceConfig = field(default_factory=InferenceConfig)
    inner_size: tuple[int, int] | None = None
    refine: Literal["none", "pamr"] = "none"
    limits: Limits = field(default_factory=Limits)

    @property
    def views_and_rules(self) -> InferenceConfig:
        """`inference` as it is for what the network is shown: an inner size is in the place of `photo_side`."""
        return self.inference if self.inner_size is None else replace(self.inference, photo_side=None)

    @property
    def in_own_size(self) -> bool:
        """Whether masks are of a photo's own size, so that nothing is to be resized back."""
        return self.inner_size is None and self.inference.photo_side is None


class Segmenter(tf.Module):
    """A network with everything around it; its three functions are the signatures of the SavedModel.

    Args:
        network: built.
        class_names: of the foreground; none holds a ";".
        config: how it looks at photos.
    """

    def __init__(self, network: Network, class_names: Sequence[str], config: ExportConfig) -> None:
        super().__init__()
        self._config, self._names = config, tuple(class_names)
        # The variables and not the network: what saves a module would trace a Keras 3 model's own call, too.
        self.parameters = [v if isinstance(v, tf.Variable) else v.value for v in network.variables]

        @tf.function(input_signature=[_IMAGES], autograph=False)
        def masks_of(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            inference = config.views_and_rules
            if inference.photo_side is not None:
                images = _within_reach(images, looked_at_size(images, inference))
            masks, logits = mean_of_views(network, images, inference)
            scores = tf.sigmoid(logits)
            masks = apply_rules(masks, scores, inference)
            if config.refine == "pamr":
                if inference.photo_side is not None:
                    images = resize_bicubic(images, looked_at_size(images, inference))
                masks = tf.minimum(refine(images, masks), 1.0)  # weights sum to 1 but for rounding
            return masks, scores

        self._masks_of = masks_of

    # === Signatures ===

    @tf.function(input_signature=[_TEXTS], autograph=False)
    def segment_photos(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        """Encoded photos of any sizes.

        Args:
            image_bytes: string [B], each a JPEG or PNG.

        Returns:
            mask_bytes: string [B], palette PNGs, each of its photo's size as it is seen.
            labels: string [B], the names of the classes that have pixels, in the labels' order, joined by ";".
            scores: float32 [B, C] in [0, 1].
        """
        image_bytes = _of_its_shape(image_bytes, _TEXTS)
        count = tf.shape(image_bytes)[0]
        with tf.control_dependencies(self._batch_checks(count)):
            image_bytes, places = tf.identity(image_bytes), tf.range(count)
        if self._config.inner_size is None:
            return _each(self._segment_photo, (image_bytes, places), self._photo_spec())
        spec = (tf.TensorSpec([*self._config.inner_size, 3], tf.uint8), tf.TensorSpec([2], tf.int32))
        images, sizes = _each(self._decode_to_inner_size, (image_bytes, places), spec)
        masks, scores = self._masks_of(images)
        return _each(
            lambda elements: self._answer(labels_at(*elements[:2]), elements[2]),
            (masks, sizes, scores),
            self._photo_spec(),
        )

    @tf.function(input_signature=[_IMAGES], autograph=False)
    def predict_array(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """Photos as an array.

        Args:
            images: uint8 RGB [B, H, W, 3].

        Returns:
            labels: uint8 [B, H, W], 0 is background and i + 1 is class i.
            scores: float32 [B, C] in [0, 1].
        """
        images = self._checked(images)
        masks, scores = self._masks_of(self._to_inner_size(images))
        if self._config.in_own_size:
            return {"labels": to_labels(masks), "scores": scores}
        size = tf.shape(images)[1:3]
        labels = _each(lambda mask: labels_at(mask, size), masks, tf.TensorSpec([None, None], tf.uint8))
        return {"labels": labels, "scores": scores}

    @tf.function(input_signature=[_IMAGES], autograph=False)
    def probabilities(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """Photos as an array, to the masks that labels are the arg max of.

        Args:
            images: uint8 RGB [B, H, W, 3].

        Returns:
            masks: float32 [B, H, W, 1 + C] in [0, 1], behind the rules and the refinement; a pixel's need not sum to 1.
            scores: float32 [B, C] in [0, 1].
        """
        images = self._checked(images, most=LARGEST // (4 * (1 + len(self._names))))
        masks, scores = self._masks_of(self._to_inner_size(images))
        if not self._config.in_own_size:
            masks = resize_half_pixel(masks, tf.shape(images)[1:3])
        return {"masks": masks, "scores": scores}

    # === Parts ===

    def _segment_photo(self, elements: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        image = decode_photo(*elements, self._config.limits)
        masks, scores = self._masks_of(image[None])
        own = self._config.in_own_size
        return self._answer(to_labels(masks[0]) if own else labels_at(masks[0], tf.shape(image)[:2]), scores[0])

    def _decode_to_inner_size(self, elements: tuple[tf.Tensor, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        image = decode_photo(*elements, self._config.limits)
        return self._to_inner_size(image[None])[0], tf.shape(image)[:2]

    def _to_inner_size(self, images: tf.Tensor) -> tf.Tensor:
        if self._config.inner_size is None:
            return images
        return tf.ensure_shape(
            resize_bicubic(images, tf.constant(self._config.inner_size)), [None, *self._config.inner_size, 3]
        )

    def _answer(self, labels: tf.Tensor, scores: tf.Tensor) -> dict[str, tf.Tensor]:
        counts = tf.math.bincount(tf.cast(tf.reshape(labels, [-1]), tf.int32), minlength=1 + len(self._names))
        names = tf.boolean_mask(tf.constant(self._names), counts[1:] > 0)
        return {
            "mask_bytes": encode_palette_png(labels, voc_palette()),
            "labels": tf.strings.reduce_join(names, separator=SEPARATOR),
            "scores": scores,
        }

    def _photo_spec(self) -> dict[str, tf.TensorSpec]:
        text = tf.TensorSpec([], tf.string)
        return {"mask_bytes": text, "labels": text, "scores": tf.TensorSpec([len(self._names)], tf.float32)}

    def _batch_checks(self, count: tf.Tensor) -> list[tf.Operation]:
        limit = self._config.limits.batch
        many = tf.strings.join([tf.strings.as_string(count), f" images in the batch, more than {limit} (max_batch)"])
        return [
            tf.debugging.Assert(count > 0, ["the batch is empty"]),
            tf.debugging.Assert(count <= limit, [many]),
        ]

    def _checked(self, images: tf.Tensor, most: int = LARGEST) -> tf.Tensor:
        """Within the limits, and of at most so many pixels as an answer has room for."""
        limits = self._config.limits
        images = _of_its_shape(images, _IMAGES)
        shape = tf.shape(images, tf.int64)
        words = tf.strings.reduce_join(tf.strings.as_string(shape[:3]), separator=" x ")
        checks = [
            *self._batch_checks(tf.shape(images)[0]),
            tf.debugging.Assert(tf.reduce_min(shape) > 0, [words + " has no pixels"]),
            tf.debugging.Assert(
                tf.reduce_max(shape[1:3]) <= limits.side, [words + f" has a side above {limits.side} (max_side)"]
            ),
            tf.debugging.Assert(
                tf.reduce_prod(shape[:3]) <= limits.pixels,
                [words + f" pixels are more than {limits.pixels} (max_pixels)"],
            ),
            tf.debugging.Assert(
                tf.reduce_prod(shape[:3]) <= most,
                [
                    words
                    + f" pixels are more than {most}, whose masks would not fit into an answer: send fewer at a time"
                ],
            ),
        ]
        with tf.control_dependencies(checks):
            return tf.identity(images)


def _within_reach(images: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """What is looked at in `size` takes memory by that, and not by what photos have: a pixel becomes many."""
    sides = tf.cast(tf.concat([tf.shape(images)[:1], size], axis=0), tf.int64)
    words = tf.strings.reduce_join(tf.strings.as_string(sides), separator=" x ")
    said = words + f" pixels, as inference.photo_side has it, are more than {LOOKED_AT} at once: send fewer at a time"
    with tf.control_dependencies([tf.debugging.Assert(tf.reduce_prod(sides) <= LOOKED_AT, [said])]):
        return tf.identity(images)


def _of_its_shape(values: tf.Tensor, spec: tf.TensorSpec) -> tf.Tensor:
    """A server feeds what comes, whatever shape the signature has, and kernels end the process at another rank."""
    return tf.ensure_shape(values, spec.shape)


def _each(function: Callable[[Any], Any], elements: Any, spec: Any) -> Any:
    """`function` of one photo after the other, so that memory does not grow with the batch."""
    return tf.map_fn(function, elements, fn_output_signature=spec, parallel_iterations=1)
