"""What is to be prepared: lists of images, and for each image where its photo, labels and tags come from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image

from wsfcn_tf.errors import UserError


class Example(Protocol):
    """One image of the originals; can be sent to another process.

    Attributes:
        name: the image's name, without suffix.
        photo: its file.
    """

    name: str
    photo: Path

    def labels(self) -> np.ndarray | None:
        """The mask: uint8 [H,W], 0..C, 255 = ignore; None if the image has none. Raises UserError if it is broken."""

    def tags(self, labels: np.ndarray) -> tuple[str, ...]:
        """The names of what is in the image, in the order of the classes; `labels` is its mask."""


@dataclass(frozen=True)
class Plan:
    """A dataset that can be made.

    Attributes:
        class_names: the foreground classes; class_names[i] is label i + 1.
        splits: the names in each list, in its order; all of them are in `examples` or in `missing`.
        examples: the images by name.
        missing: for each image that lacks a file, a few words that name the file.
        expected: how many images lists should have, where that is known.
    """

    class_names: tuple[str, ...]
    splits: Mapping[str, list[str]]
    examples: Mapping[str, Example]
    missing: Mapping[str, str] = field(default_factory=dict)
    expected: Mapping[str, int] = field(default_factory=dict)


def read_labels(example: Example) -> np.ndarray | None:
    """The example's mask, which has its photo's size; None if it has none.

    Raises:
        UserError: the mask is broken, the photo cannot be opened, or they differ in size.
    """
    try:
        with Image.open(example.photo) as photo:  # reads the header only
            width, height = photo.size
    except (OSError, SyntaxError, Image.DecompressionBombError):  # what Pillow raises for broken files
        raise UserError(f"{example.photo}: cannot be read as an image: copy it again") from None
    labels = example.labels()
    if labels is not None and labels.shape != (height, width):
        raise UserError(
            f"{example.photo}: is {width}x{height} pixels, but its mask is {labels.shape[1]}x{labels.shape[0]}: "
            "take the photo of the original release"
        )
    return labels
