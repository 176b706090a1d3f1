"""CVAT's XML, "CVAT for images 1.1": polygons, and masks where a region has holes.

https://docs.cvat.ai/docs/other/xml_format. CVAT's polygons go along the edges of pixels and cannot have holes.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

import numpy as np

from wsfcn_tf.data.annotations.form import Options, Parts
from wsfcn_tf.data.annotations.labelled_photo import LabelledPhoto
from wsfcn_tf.data.annotations.polygons import polygon
from wsfcn_tf.data.annotations.run_lengths import row_runs
from wsfcn_tf.data.masks.png import voc_palette
from wsfcn_tf.files import replacing, write_json

_SCORE = "score"  # an attribute of the labels


class Cvat:
    """OUTPUT/annotations.xml, and OUTPUT/cvat_labels.json to paste into CVAT's raw labels; a `Form`."""

    is_edited_there = False

    def __init__(self, output: Path, class_names: Sequence[str], options: Options) -> None:
        self.photos = output / "images"
        self.told, self._class_names, self._options = output / "annotations.xml", class_names, options
        self._parts = Parts(output, "cvat")
        self.has = self._parts.has

    def write(self, photo: LabelledPhoto) -> None:
        """See `Form`."""
        self._parts.put(photo.name, photo_part(photo, self._options))

    def finish(self, names: Sequence[str]) -> None:
        """See `Form`."""
        write_json(self.told.with_name("cvat_labels.json"), _raw_labels(self._class_names))
        document = _document(self._parts.of(names), self._class_names)
        indent(document)
        with replacing(self.told) as temporary:
            ElementTree(document).write(temporary, encoding="utf-8", xml_declaration=True)


def photo_part(photo: LabelledPhoto, options: Options) -> dict[str, Any]:
    """An `<image>`'s attributes, and those of its shapes, as plain values."""
    height, width = photo.labels.shape
    return {
        "image": {"name": photo.file_name, "width": str(width), "height": str(height)},
        "shapes": [
            {"kind": kind, "label": photo.class_name(label), "where": where, _SCORE: str(photo.score(label))}
            for label, kind, where in _shapes(photo, options)
        ],
    }


def _shapes(photo: LabelledPhoto, options: Options) -> Iterator[tuple[int, str, dict[str, str]]]:
    """Each shape's label, element and place."""
    if options.run_lengths:
        for label in photo.found:
            pixels = photo.labels == label
            rows, columns = (np.flatnonzero(pixels.any(axis=axis)) for axis in (1, 0))
            box = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            yield label, "mask", _mask(box, int(columns[0]), int(rows[0]))
        return
    for label, region in photo.regions():
        if len(region.rings) > 1:
            yield label, "mask", _mask(region.mask, region.left, region.top)
            continue
        points = polygon(region, options.tolerance).tolist()
        yield label, "polygon", {"points": ";".join(f"{x:.2f},{y:.2f}" for x, y in points)}


def _mask(box: np.ndarray, left: int, top: int) -> dict[str, str]:
    height, width = box.shape
    sides = {"left": left, "top": top, "width": width, "height": height}
    return {"rle": ", ".join(map(str, row_runs(box))), **{name: str(side) for name, side in sides.items()}}


def _document(parts: Sequence[dict[str, Any]], class_names: Sequence[str]) -> Element:
    root = Element("annotations")
    SubElement(root, "version").text = "1.1"
    task = SubElement(SubElement(root, "meta"), "task")
    for name, value in (("name", "predictions"), ("size", str(len(parts))), ("mode", "annotation")):
        SubElement(task, name).text = value
    labels = SubElement(task, "labels")
    for raw in _raw_labels(class_names):
        label = SubElement(labels, "label")
        for key in ("name", "color", "type"):
            SubElement(label, key).text = raw[key]
        attribute = SubElement(SubElement(label, "attributes"), "attribute")
        for key, value in (("name", _SCORE), ("mutable", "False"), ("input_type", "text"), ("default_value", "")):
            SubElement(attribute, key).text = value
        SubElement(attribute, "values").text = ""
    for number, part in enumerate(parts):
        image = SubElement(root, "image", {"id": str(number), **part["image"]})
        for shape in part["shapes"]:
            common = {"label": shape["label"], "source": "auto", "occluded": "0"}
            element = SubElement(image, shape["kind"], {**common, **shape["where"], "z_order": "0"})
            SubElement(element, "attribute", {"name": _SCORE}).text = shape[_SCORE]
    return root


def _raw_labels(class_names: Sequence[str]) -> list[dict[str, Any]]:
    """The labels as CVAT's label constructor takes them under "Raw", in VOC's colours."""
    score = {"name": _SCORE, "mutable": False, "input_type": "text", "default_value": "", "values": [""]}
    colours = voc_palette()[1:].tolist()
    return [
        {"name": name, "color": f"#{red:02x}{green:02x}{blue:02x}", "type": "any", "attributes": [score]}
        for name, (red, green, blue) in zip(class_names, colours, strict=False)
    ]
