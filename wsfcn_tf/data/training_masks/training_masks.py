"""Which pixels of the training photos are known, and from whom: the one place where training opens masks."""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from wsfcn_tf.config import DataConfig
from wsfcn_tf.data.datasets.dataset import Dataset
from wsfcn_tf.data.masks.png import IGNORE
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
        notes: lines for whoever trains.

    Raises:
        UserError: a mask cannot be read, or holds a class that its photo is not tagged with; a photo has neither tags
            nor a complete mask; or a folder of pseudo masks has none of these photos.
    """

    def __init__(self, dataset: Dataset, config: DataConfig, names: Sequence[str]) -> None:
        self._dataset, self._config = dataset, config
        self._folders = [PseudoFolder(root, dataset.class_names) for root in config.pseudo_masks or ()]
        with ThreadPoolExecutor(config.workers) as pool:
            self.known = dict(zip(names, pool.map(self._look, names), strict=True))
        self._check_folders(names)
        self.notes = [_summary(list(self.known.values()))]

    def tags(self, name: str) -> np.ndarray:
        """The photo's tags, or if it has none those that follow from its mask: float32 [C] in {0, 1}."""
        return self.known[name].tags

    def mask(self, name: str) -> np.ndarray | None:
        """What is known of the photo's pixels: uint8 [H,W], 0..C, 255 = unknown; None if nothing is."""
        if self.known[name].checksum is None:
            return None
        return self._joined(name, self._drawn(name), self.tags(name))

    def _look(self, name: str) -> Known:
        drawn = self._drawn(name)
        tags = self._tags(name, drawn)
        mask = self._joined(name, drawn, tags)
        if mask is None or (mask == IGNORE).all():
            return Known(tags, 0.0, None)
        content = hashlib.sha256(str(mask.shape).encode() + mask.tobytes())
        return Known(tags, float((mask != IGNORE).mean()), content.hexdigest()[:_DIGITS])

    def _drawn(self, name: str) -> np.ndarray | None:
        return self._dataset.training_mask(name) if self._config.masks == "train" else None

    def _tags(self, name: str, drawn: np.ndarray | None) -> np.ndarray:
        """The photo's tags; those that follow from a complete mask if it has none."""
        return self._dataset.tags(name)

    def _joined(self, name: str, drawn: np.ndarray | None, tags: np.ndarray) -> np.ndarray | None:
        """The first that says something of a pixel: the drawn mask, then the folders in their order."""
        joined = drawn
        for folder in self._folders:
            pseudo = folder.read(name, tags)
            if joined is None or pseudo is None:
                joined = pseudo if joined is None else joined
            elif joined.shape != pseudo.shape:
                raise UserError(
                    f"{folder.root}: the mask of {name} is {_sides(pseudo)} pixels, but there is one of "
                    f"{_sides(joined)}, too: a mask has to have its photo's size"
                )
            else:
                joined = np.where(joined == IGNORE, pseudo, joined)
        return joined

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


def _sides(mask: np.ndarray) -> str:
    return f"{mask.shape[1]}x{mask.shape[0]}"


def _summary(known: Sequence[Known]) -> str:
    shares = [one.share for one in known if one.share > 0]
    complete = shares.count(1.0)
    parts = [f"{complete} complete", f"{len(known) - len(shares)} without"]
    if partial := [share for share in shares if share < 1]:
        parts.insert(1, f"{len(partial)} partial ({100 * np.mean(partial):.1f} % of their pixels known)")
    return f"masks of {len(known)} training photos: {', '.join(parts)}"
