"""What tags tell about the masks of an evaluation or a prediction."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

import numpy as np

from wsfcn_tf.config import InferenceConfig
from wsfcn_tf.errors import UserError
from wsfcn_tf.evaluation.metrics.tag_health import TagHealth, label_areas, tag_health
from wsfcn_tf.inference.prediction import Prediction
from wsfcn_tf.inference.rules import apply_rules, to_labels
from wsfcn_tf.inference.stream import Photo, Predict

_SIDE = 128  # so many rows or columns are enough to tell a share
_OWN = InferenceConfig(background="none")
_Row = tuple[np.ndarray, np.ndarray, np.ndarray]  # of a photo: float [C] shares of its area, tags and scores


class TagCollector:
    """Adds up the network's own masks and the tags of photos.

    They are those before the rules of background and tags and before the CRF, of the classes whose scores are high
    enough, so that figures of all settings have the same limits.

    Args:
        presence_threshold: what a class's score must be above, as in `inference`.
    """

    def __init__(self, presence_threshold: float) -> None:
        self._threshold = presence_threshold
        self._photos: list[_Row] = []

    def add(self, prediction: Prediction, tags_of: Callable[[], np.ndarray]) -> None:
        """Adds a photo, if its tags, float32 [C], are known: else `tags_of` raises UserError."""
        try:
            tags = tags_of()
        except UserError:
            return
        masks = prediction.masks if prediction.raw_masks is None else prediction.raw_masks
        step = max(1, min(masks.shape[:2]) // _SIDE)
        labels = to_labels(apply_rules(masks[::step, ::step], prediction.scores > self._threshold, _OWN))
        self._photos.append((label_areas(labels, len(tags)), tags, prediction.scores))

    def watching(self, predict: Predict, tags_of: Callable[[str], np.ndarray]) -> Predict:
        """The same predictor, whose predictions are added, with tags by the photos' names."""

        def watched(photos: Iterable[Photo]) -> Iterator[tuple[Photo, Prediction]]:
            for photo, prediction in predict(photos):
                self.add(prediction, partial(tags_of, photo.name))
                yield photo, prediction

        return watched

    def take(self) -> list[_Row]:
        """What was added, for another's `extend`; it is no longer here."""
        taken, self._photos = self._photos, []
        return taken

    def extend(self, rows: list[_Row]) -> None:
        """Adds what another has taken."""
        self._photos += rows

    def health(self) -> TagHealth | None:
        """The figures so far; None without a photo whose tags are known."""
        if not self._photos:
            return None
        return tag_health(*map(np.stack, zip(*self._photos, strict=True)))
