"""Which pixels of the training photos are known, and from whom: the one place where training opens masks."""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from wsfcn_tf.config import DataConfig
from wsfcn_tf.data.datasets.dataset import Dataset
from wsfcn_tf.data.masks.png import IGNORE
from wsfcn_tf.data.shapes.drawing import Drawing
from wsfcn_tf.data.training_masks.agreement import Disagreements, tags_of
from wsfcn_tf.data.training_masks.known_mask import KnownMask, first_of
from wsfcn_tf.data.training_masks.pseudo_folder import KEY, PseudoFolder
from wsfcn_tf.errors import UserError

_DIGITS = 16  # of a mask's checksum


class Known(NamedTuple):
    """What is known of a training photo.

    Attributes:
        tags: float32 [C] in {0, 1}.
        share: of its pixels that are known, 0..1.
        checksum: of its mask; None if nothing is known.
    """

    tags: np.ndarray
    share: float
    checksum: str | None


class TrainingMasks:
    """The masks of the training photos: those of the data folder, and of `data.pseudo_masks` where these say nothing.

    Each is read once when it is opened, so that what is wrong with one is told before anything is computed.

    Args:
        dataset: photos and tags, and with `data.masks: train` masks.
        config: which masks to open.
        names: of the training photos.

    Attributes:
        known: {name: what is known of it}, in the order of `names`.
        has_trust: whether some masks are trusted in part.
        notes: lines for whoever trains.

    Raises:
        UserError: a mask cannot be read, or holds a class that its photo is not tagged with; a photo has neither tags
            nor a complete mask; or a folder of pseudo masks has none of these photos.
    """

    def __init__(self, dataset: Dataset, config: DataConfig, names: Sequence[str]) -> None:
        self._dataset, self._config = dataset, config
        pseudo = config.pseudo_masks or {}
        self._folders = [PseudoFolder(root, trust, dataset.class_names) for root, trust in pseudo.items()]
        self.has_trust = any(folder.trust != "hard" for folder in self._folders)
        self._disagreements = Disagreements(dataset.class_names)
        self._check_folders(names)
        with ThreadPoolExecutor(config.workers) as pool:
            self.known = dict(zip(names, pool.map(self._look, names), strict=True))
        self._disagreements.refuse_untagged(names)
        self.notes = [_summary(list(self.known.values())), *self._disagreements.warnings(names)]

    def tags(self, name: str) -> np.ndarray:
        """The photo's tags, or if it has none those that follow from its mask: float32 [C] in {0, 1}."""
        return self.known[name].tags

    def mask(self, name: str) -> KnownMask | None:
        """What is known of the photo's pixels; None if nothing is."""
        if self.known[name].checksum is None:
            return None
        return self._joined(name, self._drawn(name), self.tags(name))

    def has_mask(self) -> np.ndarray:
        """Of which of `names` something is known: bool [N]."""
        return np.array([known.checksum is not None for known in self.known.values()], bool)

    def _look(self, name: str) -> Known:
        drawn = self._drawn(name)
        tags = self._tags(name, drawn)
        mask = self._joined(name, drawn, tags)
        if mask is None or (mask.labels == IGNORE).all():
            return Known(tags, 0.0, None)
        content = hashlib.sha256(str(mask.labels.shape).encode() + mask.labels.tobytes())
        if mask.trust is not None:
            content.update(mask.trust.tobytes())
        return Known(tags, float((mask.labels != IGNORE).mean()), content.hexdigest()[:_DIGITS])

    def _drawn(self, name: str) -> KnownMask | None:
        if self._config.masks == "never":
            return None
        drawing = Drawing(self._config.brush_radius, self._config.uncovered)
        mask = self._dataset.training_mask(name, drawing)
        return None if mask is None else KnownMask(mask)

    def _tags(self, name: str, drawn: KnownMask | None) -> np.ndarray:
        """The photo's tags; those that follow from a complete mask if it has none."""
        try:
            tags = self._dataset.tags(name)
        except UserError:
            if drawn is None or not drawn.is_complete:
                raise
            return tags_of(drawn.labels, len(self._dataset.class_names))
        if drawn is not None:
            self._disagreements.note(name, drawn, tags)
        return tags

    def _joined(self, name: str, drawn: KnownMask | None, tags: np.ndarray) -> KnownMask | None:
        """The first that says something of a pixel: the drawn mask, then the folders in their order."""
        masks = [drawn, *(folder.read(name, tags) for folder in self._folders)]
        try:
            return first_of(mask for mask in masks if mask is not None)
        except ValueError as error:
            raise UserError(f"{name}: one of its masks is {error}: they have to be of the photo's size") from None

    def _check_folders(self, names: Sequence[str]) -> None:
        for folder in self._folders:
            if not any(map(folder.has, names)):
                raise UserError(f"{KEY}: {folder.root} has no mask of a training photo, such as {names[0]!r}")


def open_training_masks(dataset: Dataset, config: DataConfig, names: Sequence[str]) -> TrainingMasks | None:
    """The masks that a config lets training learn from; None if that is none.

    Raises:
        UserError: see `TrainingMasks`.
    """
    if config.masks == "never" and not config.pseudo_masks:
        return None
    return TrainingMasks(dataset, config, names)


def _summary(known: Sequence[Known]) -> str:
    shares = [one.share for one in known if one.share > 0]
    parts = [f"{shares.count(1.0)} complete", f"{len(known) - len(shares)} without"]
    if partial := [share for share in shares if share < 1]:
        parts.insert(1, f"{len(partial)} partial ({100 * np.mean(partial):.1f} % of their pixels known)")
    return f"masks of {len(known)} training photos: {', '.join(parts)}"
