"""COCO's objects: those with outlines, and those that have a box alone."""

from collections.abc import Hashable

from wsfcn_tf.data.masks.coco_file import CocoFile
from wsfcn_tf.data.masks.coco_masks import rasterise
from wsfcn_tf.data.shapes.drawing import Shape, upright_box
from wsfcn_tf.errors import UserError


def coco_shapes(file: CocoFile, image: Hashable) -> tuple[list[Shape], tuple[int, int]]:
    """The shapes of an image, by its id in the file, larger areas first; and its height and width.

    Raises:
        UserError: an object is not as COCO's are.
    """
    where, (height, width), objects = file.objects(image)
    shapes = []
    for one, bounds in objects:
        try:
            if one.segmentation:
                shapes.append(Shape("area", rasterise(one, height, width), one.label))
            else:
                left, top, own_width, own_height = (float(side) for side in bounds)
                pixels = upright_box(left, top, left + own_width, top + own_height, (height, width))
                shapes.append(Shape("box", pixels, one.label))
        except UserError as error:
            raise UserError(f"{where}: {error}: mend it") from None
        except (TypeError, ValueError):
            raise UserError(f"{where}: annotation {one.id}: has neither outline nor box: mend it") from None
    return sorted(shapes, key=lambda shape: -int(shape.pixels.sum())), (height, width)
