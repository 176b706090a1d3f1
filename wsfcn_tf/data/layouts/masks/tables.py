"""Run lengths in competitions' tables."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from wsfcn_tf.data.layouts.folder import SourceFolder
from wsfcn_tf.data.layouts.gathering import Choices
from wsfcn_tf.data.layouts.masks.reading import ReadMask, lay_over, once, place
from wsfcn_tf.data.layouts.outlines import Outlines
from wsfcn_tf.data.layouts.tools.tables import mask_cells
from wsfcn_tf.data.masks.label_numbers import label_of
from wsfcn_tf.data.masks.run_lengths import from_starts
from wsfcn_tf.data.photos.images import read_image


def open_masks(root: Path, choices: Choices, class_names: Sequence[str]) -> ReadMask:
    """Smaller masks lie on top of larger ones: rows have no order."""

    @once
    def runs(name: str) -> dict[int, str]:
        return mask_cells(SourceFolder(root), name)

    def read(photo: str, found: Outlines) -> np.ndarray:
        height, width = read_image(root / photo).shape[:2]
        cells, shapes = runs(found.file), []
        for line, tag in found.entry:
            where = f"{root / found.file}: line {line}"
            with place(where):
                pixels = from_starts(cells[line], height, width)
            shapes.append((pixels, label_of(tag, class_names, where)))
        return lay_over(sorted(shapes, key=lambda shape: -np.count_nonzero(shape[0])), height, width)

    return read
