"""Running the network on photos of any size, one at a time, at one or several scales, whole or through a window."""

from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf

from wsfcn_tf.config import InferenceConfig
from wsfcn_tf.errors import UserError
from wsfcn_tf.inference.crf import refine
from wsfcn_tf.inference.photo_cues import with_photo_cues
from wsfcn_tf.inference.prediction import Prediction
from wsfcn_tf.inference.rules import NetworkOutput, check_adjustment, to_prediction
from wsfcn_tf.inference.views import Tiling, in_own_size, looked_at, looking_scale, scaled, size_at
from wsfcn_tf.ops import resize_half_pixel
from wsfcn_tf.ops.normalise import normalise

_PIXELS_AT_ONCE = 1 << 19  # tiles share a batch up to this size, before flips


class Predictor:
    """Turns a photo into a `Prediction`: the mean of its views' masks, each class's best score, and a CRF if asked for.

    Traces the network once, whatever sizes follow. A view's mirror image, and tiles of it, are in one batch with it.

    Args:
        model: as `build_model` returns it; called as `model(images, training=False)`.
        config: the views and the inference rules.

    Raises:
        UserError: `inference.photo_cues` is tags: that is for training, which writes into its run what it came to; or
            `inference.logit_adjustment` is set, and the classes' log-odds are not known.
    """

    def __init__(self, model: Callable[..., Mapping[str, tf.Tensor]], config: InferenceConfig) -> None:
        if config.photo_cues == "tags":
            raise UserError("inference.photo_cues: tags is for training to decide: set always or one_class")
        check_adjustment(config)
        self.config = config

        @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3], tf.uint8)], autograph=False)
        def forward(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            views = normalise(tf.cast(images, tf.float32) / 255.0)
            if config.flip:
                views = tf.concat([views, tf.reverse(views, [2])], axis=0)
            masks, scores = _masks_and_scores(model, views, config)
            if config.flip:
                straight, mirrored = tf.split(masks, 2)
                masks = (straight + tf.reverse(mirrored, [2])) / 2
                scores = tf.maximum(*tf.split(scores, 2))
            return masks, scores

        spec = [tf.TensorSpec([None, None, None], tf.float32), tf.TensorSpec([2], tf.int32)]
        self._forward, self._resize = forward, tf.function(_resize, input_signature=spec, autograph=False)

    def __call__(self, image: np.ndarray, tags: np.ndarray | None = None) -> Prediction:
        """Predicts one photo.

        Args:
            image: uint8 RGB [H, W, 3].
            tags: float32 [C] in {0, 1}, what `inference.classes` tags needs; else not looked at.

        Raises:
            UserError: a view is larger than `inference.pad_side`, or tags are needed and there are none.
        """
        small = looked_at(image, self.config.photo_side)
        prediction = with_photo_cues(small, self.by_rules(image, tags), self.config)
        if self.config.crf.iterations > 0:
            prediction = refine(small, prediction, self.config.crf)
        return in_own_size(prediction, image.shape[:2])

    def by_rules(self, image: np.ndarray, tags: np.ndarray | None = None) -> Prediction:
        """The same, but for saliency, GrabCut and the CRF, and in the size that the photo is looked at."""
        return to_prediction(self.mean_of_views(image), self.config, tags)

    def mean_of_views(self, image: np.ndarray) -> NetworkOutput:
        """The views' mean masks, of the size of `looked_at`, and best scores; the sliding window's do not count."""
        masks, scores = 0.0, -np.inf
        for scale in self.config.scales:
            view = self.at_scale(image, scale)
            masks = masks + view.masks
            scores = np.maximum(scores, view.scores)
        for scale in self.config.window_scales:
            masks = masks + self.through_window(image, scale).masks
        return NetworkOutput(masks / np.float32(len(self.config.scales) + len(self.config.window_scales)), scores)

    def at_scale(self, image: np.ndarray, scale: float) -> NetworkOutput:
        """One view's masks, of the size of `looked_at`, and scores; with its mirror image's if `inference.flip`."""
        view = self._scaled(image, scale)
        if self.config.pad == "release":
            _check_fits(view, self.config.pad_side)
            return self._in_tiles(image, view, None)
        return self._in_tiles(image, view, self.config.tile_side)

    def through_window(self, image: np.ndarray, scale: float) -> NetworkOutput:
        """The same through the window of `inference.window_side`, in as few places as cover the view."""
        return self._in_tiles(image, self._scaled(image, scale), self.config.window_side)

    def _scaled(self, image: np.ndarray, scale: float) -> np.ndarray:
        """Straight from the photo: a view that is larger than the `looked_at` photo shows more of it."""
        return scaled(image, scale * looking_scale(image.shape[:2], self.config.photo_side))

    def _in_tiles(self, image: np.ndarray, view: np.ndarray, side: int | None) -> NetworkOutput:
        masks, scores = self._view(view, side)
        size = size_at(image.shape[:2], looking_scale(image.shape[:2], self.config.photo_side))
        return NetworkOutput(self._resize(masks, np.asarray(size, np.int32)).numpy(), scores)

    def _view(self, view: np.ndarray, side: int | None) -> tuple[tf.Tensor | np.ndarray, np.ndarray]:
        """Masks [h, w, 1+C] at the view's own size, and scores [C], the best over its tiles."""
        tiling = Tiling(*view.shape[:2], side, round(self.config.tile_overlap * (side or 0)))
        tiles = [view[where] for where in tiling.slices()]
        count = max(1, _PIXELS_AT_ONCE // (tiles[0].shape[0] * tiles[0].shape[1]))
        outputs = [self._forward(np.stack(tiles[at : at + count])) for at in range(0, len(tiles), count)]
        best = np.max([scores.numpy().max(axis=0) for _, scores in outputs], axis=0)
        if len(tiles) == 1:
            return outputs[0][0][0], best
        return tiling.join(mask for masks, _ in outputs for mask in masks.numpy()), best


def _resize(masks: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    return resize_half_pixel(masks[None], size)[0]


def _masks_and_scores(
    model: Callable[..., Mapping[str, tf.Tensor]], views: tf.Tensor, config: InferenceConfig
) -> tuple[tf.Tensor, tf.Tensor]:
    """The network on normalised views [B, h, w, 3]; with pad release in the middle of zeros, its masks cut to them."""
    if config.pad == "tight":
        outputs = model(views, training=False)
        return outputs["masks"], outputs["scores"]
    height, width = tf.shape(views)[1], tf.shape(views)[2]
    top, left = (config.pad_side - height) // 2, (config.pad_side - width) // 2
    padded = tf.image.pad_to_bounding_box(views, top, left, config.pad_side, config.pad_side)
    outputs = model(padded, training=False)
    return tf.image.crop_to_bounding_box(outputs["masks"], top, left, height, width), outputs["scores"]


def _check_fits(view: np.ndarray, side: int) -> None:
    height, width = view.shape[:2]
    if max(height, width) > side:
        raise UserError(
            f"a view of it is {width}x{height} and does not fit into inference.pad_side {side}: "
            "take a larger one, smaller inference.scales, or inference.pad tight"
        )
