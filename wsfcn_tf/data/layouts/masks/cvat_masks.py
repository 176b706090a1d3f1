"""CVAT's colour masks."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from wsfcn_tf.data.layouts.gathering import Choices
from wsfcn_tf.data.layouts.masks.reading import ReadMask, once
from wsfcn_tf.data.layouts.outlines import Outlines
from wsfcn_tf.data.masks.legend import LABELMAP, Legend


def open_masks(root: Path, choices: Choices, class_names: Sequence[str]) -> ReadMask:
    """Colours mean what labelmap.txt says, and black is background without a line of its own."""

    @once
    def legend(name: str) -> Legend:
        return Legend(root / name, class_names)

    def read(photo: str, found: Outlines) -> np.ndarray:
        return legend(LABELMAP).read_mask(root / found.file)

    return read
