"""What is known of a photo's pixels, from the masks of a folder of our own: index masks, LabelMe's shapes, COCO's."""

from typing import Protocol

import numpy as np

from wsfcn_tf.data.masks.coco_file import CocoFile
from wsfcn_tf.data.masks.sources import Masks
from wsfcn_tf.data.shapes.coco import coco_shapes
from wsfcn_tf.data.shapes.drawing import Drawing, known_labels
from wsfcn_tf.data.shapes.labelme import read_labelme_shapes
from wsfcn_tf.errors import UserError


class Tagged(Protocol):
    """Photos with tags, as a `Dataset` has them."""

    class_names: tuple[str, ...]

    def tags(self, name: str) -> np.ndarray:
        """The photo's tags: float32 [C] in {0, 1}. Raises UserError if they are not known."""


def read_known(masks: Masks, folder: Tagged, photo: str, drawing: Drawing) -> np.ndarray | None:
    """A photo's mask, or what its strokes, points, boxes and areas say.

    Args:
        masks: the folder's.
        folder: the photos' tags.
        photo: its name.
        drawing: how shapes are read.

    Returns:
        uint8 [H,W]: 0..C, 255 = unknown; None if nothing is drawn.

    Raises:
        UserError: a file is broken.
    """
    path = masks.path_of(photo)
    if path is None:
        return None
    if isinstance(masks, CocoFile):
        shapes, size = coco_shapes(masks, masks.id_of(photo))
    elif path.suffix.lower() == ".json":
        shapes, size = read_labelme_shapes(path, folder.class_names, drawing.radius)
    else:
        return masks.read(photo)
    try:
        tagged = set((1 + np.flatnonzero(folder.tags(photo))).tolist())
    except UserError:  # which then follow from what is drawn, if that is all
        tagged = set()
    if not shapes and not tagged and drawing.uncovered == "background":
        return np.zeros(size, np.uint8)
    return known_labels(shapes, tagged, size, drawing) if shapes else None
