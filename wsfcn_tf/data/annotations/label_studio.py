"""Label Studio's tasks with predictions: polygons, brushes where a region has holes, and choices.

https://labelstud.io/guide/predictions. Its polygons are in per cent of the photo and cannot have holes.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

import numpy as np

from wsfcn_tf.data.annotations.form import Options, Parts
from wsfcn_tf.data.annotations.labelled_photo import LabelledPhoto
from wsfcn_tf.data.annotations.polygons import polygon
from wsfcn_tf.data.annotations.run_lengths import brush_runs
from wsfcn_tf.data.masks.png import voc_palette
from wsfcn_tf.files import replacing, write_json

_IMAGE, _POLYGON, _BRUSH, _TAGS = "image", "polygon", "brush", "tags"  # what the labelling config calls its parts


class LabelStudio:
    """OUTPUT/label_studio.json to import, and OUTPUT/label_studio.xml, the labelling config; a `Form`."""

    is_edited_there = False

    def __init__(self, output: Path, class_names: Sequence[str], options: Options) -> None:
        self.photos = output / "images"
        self.told, self._class_names, self._options = output / "label_studio.json", class_names, options
        self._parts = Parts(output, "label-studio")
        self.has = self._parts.has

    def write(self, photo: LabelledPhoto) -> None:
        """See `Form`."""
        self._parts.put(photo.name, task(photo, self._options))

    def finish(self, names: Sequence[str]) -> None:
        """See `Form`."""
        config = _labelling_config(self._class_names)
        indent(config)
        with replacing(self.told.with_suffix(".xml")) as temporary:
            ElementTree(config).write(temporary, encoding="utf-8")
        write_json(self.told, self._parts.of(names))


def task(photo: LabelledPhoto, options: Options) -> dict[str, Any]:
    """A photo's task. Its prediction's score, by which Label Studio sorts, is the least of its classes'."""
    height, width = (int(side) for side in photo.labels.shape)
    size = {"original_width": width, "original_height": height, "image_rotation": 0}
    results: list[dict[str, Any]] = []
    for label, name, kind, value in _values(photo, options):
        place = {"from_name": name, "to_name": _IMAGE, "type": kind, **size}
        results.append({**place, "value": {**value, kind: [photo.class_name(label)]}, "score": photo.score(label)})
    if photo.found:
        tags = {"choices": [photo.class_name(label) for label in photo.found]}
        results.append({"from_name": _TAGS, "to_name": _IMAGE, "type": "choices", "value": tags})
    numbered = [{"id": f"region-{number}", **result} for number, result in enumerate(results, start=1)]
    score = min((photo.score(label) for label in photo.found), default=0.0)
    return {
        "data": {_IMAGE: options.photo_prefix + quote(photo.file_name)},
        "predictions": [{"model_version": "wsfcn_tf", "score": score, "result": numbered}],
    }


def _values(photo: LabelledPhoto, options: Options) -> Iterator[tuple[int, str, str, dict[str, Any]]]:
    """Each result's label, control, type and place."""
    if options.run_lengths:
        for label in photo.found:
            yield label, *_brush(photo.labels == label)
        return
    height, width = photo.labels.shape
    for label, region in photo.regions():
        if len(region.rings) > 1:
            yield label, *_brush(region.within(height, width))
            continue
        points = polygon(region, options.tolerance) * (100 / width, 100 / height)
        yield label, _POLYGON, "polygonlabels", {"points": points.round(6).tolist(), "closed": True}


def _brush(mask: np.ndarray) -> tuple[str, str, dict[str, Any]]:
    return _BRUSH, "brushlabels", {"format": "rle", "rle": brush_runs(mask)}


def _labelling_config(class_names: Sequence[str]) -> Element:
    view = Element("View")
    SubElement(view, "Image", {"name": _IMAGE, "value": f"${_IMAGE}", "zoom": "true"})
    for kind, name in (("PolygonLabels", _POLYGON), ("BrushLabels", _BRUSH)):
        labels = SubElement(view, kind, {"name": name, "toName": _IMAGE})
        for class_name, (red, green, blue) in zip(class_names, voc_palette()[1:].tolist(), strict=False):
            colour = f"#{red:02x}{green:02x}{blue:02x}"
            SubElement(labels, "Label", {"value": class_name, "background": colour})
    choices = SubElement(view, "Choices", {"name": _TAGS, "toName": _IMAGE, "choice": "multiple"})
    for class_name in class_names:
        SubElement(choices, "Choice", {"value": class_name})
    return view
