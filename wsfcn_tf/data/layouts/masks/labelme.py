"""LabelMe's masks: as those of JSON files in a folder of our own."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from wsfcn_tf.data.layouts.gathering import Choices
from wsfcn_tf.data.layouts.masks.reading import ReadMask, ReadShapes
from wsfcn_tf.data.layouts.outlines import Outlines
from wsfcn_tf.data.masks.labelme import read_labelme
from wsfcn_tf.data.shapes.labelme import read_labelme_shapes


def open_masks(root: Path, choices: Choices, class_names: Sequence[str]) -> ReadMask:
    """Later shapes lie on top of earlier ones."""

    def read(photo: str, found: Outlines) -> np.ndarray:
        return read_labelme(root / found.file, class_names)

    return read


def open_shapes(root: Path, choices: Choices, class_names: Sequence[str]) -> ReadShapes:
    """What was drawn, whole or not."""
    return lambda photo, found, radius: read_labelme_shapes(root / found.file, class_names, radius)
