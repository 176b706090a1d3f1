"""COCO's masks: as those of a coco.json in a folder of our own."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from wsfcn_tf.data.layouts.gathering import Choices
from wsfcn_tf.data.layouts.masks.reading import ReadMask, ReadShapes, once
from wsfcn_tf.data.layouts.outlines import Outlines
from wsfcn_tf.data.masks.coco_file import CocoFile
from wsfcn_tf.data.shapes.coco import coco_shapes


def open_masks(root: Path, choices: Choices, class_names: Sequence[str]) -> ReadMask:
    """Smaller objects lie on top of larger ones; crowds do not count."""

    @once
    def opened(name: str) -> CocoFile:
        return CocoFile(root / name, class_names)

    def read(photo: str, found: Outlines) -> np.ndarray:
        return opened(found.file).read_id(found.entry)

    return read


def open_shapes(root: Path, choices: Choices, class_names: Sequence[str]) -> ReadShapes:
    """What was drawn, whole or not."""

    @once
    def opened(name: str) -> CocoFile:
        return CocoFile(root / name, class_names)

    return lambda photo, found, radius: coco_shapes(opened(found.file), found.entry)
