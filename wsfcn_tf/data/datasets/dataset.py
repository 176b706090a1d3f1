"""What every dataset can be asked, and opening the one a config names."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import numpy as np

from wsfcn_tf.config import DataConfig
from wsfcn_tf.data.datasets.opening import AnyFolder, open_for_evaluation, open_layout, words
from wsfcn_tf.data.datasets.scenes.scenes import Scenes
from wsfcn_tf.data.layouts.gathering import Choices
from wsfcn_tf.data.shapes.drawing import AS_DRAWN, Drawing
from wsfcn_tf.errors import UserError


class Dataset(Protocol):
    """Photos with tags and, where there are any, masks.

    Attributes:
        class_names: the foreground classes; class_names[i] is label i + 1, and label 0 is the background.
    """

    class_names: tuple[str, ...]

    def names(self, split: str) -> list[str]:
        """The photos of a split, in a fixed order. Raises UserError if there is no such split or nothing in it."""

    def image(self, name: str) -> np.ndarray:
        """The photo: uint8 [H,W,3], RGB. Raises UserError if it cannot be read."""

    def tags(self, name: str) -> np.ndarray:
        """The photo's tags: float32 [C], 1 for each class in it, else 0. Raises UserError if they are not known."""

    def mask(self, name: str) -> np.ndarray:
        """The true labels, for evaluation: uint8 [H,W], 0..C, 255 = ignore. Raises UserError if there are none."""

    def training_mask(self, name: str, drawing: Drawing = AS_DRAWN) -> np.ndarray | None:
        """What is known of the photo's pixels, for training with `data.masks: train` alone.

        uint8 [H,W], 0..C, 255 = unknown; None if it has no mask. `drawing` says how strokes and boxes are read, where
        there are any. Raises UserError if what there is cannot be read.
        """


def open_dataset(
    config: DataConfig, class_names: tuple[str, ...] | None = None, tell: Callable[[str], object] = lambda line: None
) -> Dataset:
    """The dataset that `data.format`, `data.root` and `data.tfds` name.

    Args:
        config: what to open.
        class_names: the classes of a folder that does not say which it has.
        tell: called with a line for each thing that a user should know: what the folder was recognised as, and what was
            left out of it.

    Raises:
        UserError: the folder is not set, missing, recognised as none or several, or lacks what its format needs.
    """
    if config.format == "scenes":
        return Scenes(config.scenes)
    if config.tfds is not None:
        return _open_tfds(config)
    if config.root is None:
        raise UserError("data.root is not set: name the data folder, for example --set data.root=/path/to/folder")
    root = _existing_folder(config.root)
    choices = Choices(config.tag_column, config.tag_separator)
    opened = open_layout(root, config.format, choices, class_names, mask_values=config.mask_values)
    for line in words(opened):
        tell(line)
    return opened.folder


def open_folder(
    root: str | Path,
    class_names: tuple[str, ...] | None = None,
    mask_values: Mapping[int, str] | None = None,
) -> AnyFolder:
    """A data folder to evaluate on, as `open_for_evaluation` opens it.

    Args:
        root: the folder.
        class_names: its classes if it does not say which it has.
        mask_values: what its masks' values mean, as `data.mask_values`.

    Raises:
        UserError: there is no such folder, or it lacks what its layout needs.
    """
    return open_for_evaluation(_existing_folder(str(root)), class_names, mask_values)


def _open_tfds(config: DataConfig) -> Dataset:
    if config.root is not None:
        _existing_folder(config.root)

    from wsfcn_tf.data.datasets.tfds.dataset import TfdsDataset  # imports TensorFlow

    return TfdsDataset(config.tfds, config.root, config.tfds_label)


def _existing_folder(path: str) -> Path:
    root = Path(path)
    if not root.is_dir():
        raise UserError(f"data.root: there is no folder {root}")
    return root
