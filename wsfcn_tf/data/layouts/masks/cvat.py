"""CVAT's polygons, ellipses and brush masks."""

from collections.abc import Callable, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np

from wsfcn_tf.data.layouts.annotations import read_xml
from wsfcn_tf.data.layouts.folder import SourceFolder
from wsfcn_tf.data.layouts.gathering import Choices
from wsfcn_tf.data.layouts.masks.reading import ReadMask, ReadShapes, checked_size, lay_over, once, place
from wsfcn_tf.data.layouts.outlines import OF_PHOTO, Outlines
from wsfcn_tf.data.layouts.tools.cvat import objects_of
from wsfcn_tf.data.masks.label_numbers import label_of
from wsfcn_tf.data.shapes.cvat import cvat_shape, pixels_of, whole_number
from wsfcn_tf.data.shapes.drawing import Shape


def open_masks(root: Path, choices: Choices, class_names: Sequence[str]) -> ReadMask:
    """Objects of a higher z_order lie on top, and of one z_order, the later ones."""

    @once
    def images(name: str) -> list[Element]:
        return read_xml(SourceFolder(root), name).findall("image")

    def read(photo: str, found: Outlines) -> np.ndarray:
        objects, (height, width) = _objects(root, images, found)
        drawn = (_drawn(element, where, height, width) for where, element in objects)
        return lay_over(drawn, height, width)

    def _drawn(element: Element, where: str, height: int, width: int) -> tuple[np.ndarray, int]:
        with place(where):
            pixels = pixels_of(element, height, width)
        return pixels, label_of(element.get("label") or "", class_names, where)

    return read


def open_shapes(root: Path, choices: Choices, class_names: Sequence[str]) -> ReadShapes:
    """What was drawn, whole or not, in the order of `open_masks`."""

    @once
    def images(name: str) -> list[Element]:
        return read_xml(SourceFolder(root), name).findall("image")

    def read(photo: str, found: Outlines, radius: int) -> tuple[list[Shape], tuple[int, int]]:
        objects, size = _objects(root, images, found)
        shapes = []
        for where, element in objects:
            label = label_of(element.get("label") or "", class_names, where)
            with place(where):
                shapes.append(cvat_shape(element, label, *size, radius))
        return shapes, size

    return read


def _objects(
    root: Path, images: Callable[[str], list[Element]], found: Outlines
) -> tuple[list[tuple[str, Element]], tuple[int, int]]:
    """A photo's objects from the lowest to the topmost, each with words for its place; and its height and width."""
    image = images(found.file)[found.entry]
    where = f"{root / found.file}: image {(image.get('name') or '')[:100]!r}"
    with place(where):
        size = checked_size(whole_number(image, "height"), whole_number(image, "width"), where)
    objects = [(number, one) for number, one in enumerate(objects_of(image), start=1) if one.tag != OF_PHOTO]
    with place(where):
        objects.sort(key=lambda pair: whole_number(pair[1], "z_order", 0))
    return [(f"{where}: object {number}", one) for number, one in objects], size
