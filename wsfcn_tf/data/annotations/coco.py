"""COCO's JSON of detections: polygons, run lengths where a region has holes, and scores.

https://cocodataset.org/#format-data. COCO's polygons go along the edges of pixels and cannot have holes.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pycocotools import mask as coco_mask

from wsfcn_tf.data.annotations.form import Options, Parts
from wsfcn_tf.data.annotations.labelled_photo import LabelledPhoto
from wsfcn_tf.data.annotations.outlines import Region
from wsfcn_tf.data.annotations.polygons import polygon
from wsfcn_tf.data.annotations.run_lengths import coco_runs
from wsfcn_tf.files import write_json


class Coco:
    """OUTPUT/coco.json; a `Form`."""

    is_edited_there = False

    def __init__(self, output: Path, class_names: Sequence[str], options: Options) -> None:
        self.photos = output / "images"
        self.told, self._class_names, self._options = output / "coco.json", class_names, options
        self._parts = Parts(output, "coco")
        self.has = self._parts.has

    def write(self, photo: LabelledPhoto) -> None:
        """See `Form`."""
        self._parts.put(photo.name, photo_part(photo, self._options))

    def finish(self, names: Sequence[str]) -> None:
        """See `Form`."""
        write_json(self.told, content(self._parts.of(names), self._class_names))


def photo_part(photo: LabelledPhoto, options: Options) -> dict[str, Any]:
    """A photo's `image` and `annotations`, without the numbers that a file gives them.

    Returns:
        Plain values. An annotation is a connected region; with `options.run_lengths`, a class. Its `category_id` is the
        label, its `score` the class's.
    """
    height, width = (int(side) for side in photo.labels.shape)
    if options.run_lengths:
        found = ((label, coco_runs(photo.labels == label)) for label in photo.found)
    else:
        found = ((label, _segmentation(region, height, width, options)) for label, region in photo.regions())
    annotations = [
        {"category_id": label, **_measured(segmentation, height, width), "score": photo.score(label)}
        for label, segmentation in found
    ]
    return {"image": {"file_name": photo.file_name, "height": height, "width": width}, "annotations": annotations}


def content(
    parts: Iterable[dict[str, Any]], class_names: Sequence[str | None], first_image: int = 1, first_annotation: int = 1
) -> dict[str, list[dict[str, Any]]]:
    """A file's content out of photos' parts, which are numbered from `first_image` and `first_annotation` on."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for image_id, part in enumerate(parts, start=first_image):
        images.append({"id": image_id, **part["image"]})
        for annotation in part["annotations"]:
            number = first_annotation + len(annotations)
            annotations.append({"id": number, "image_id": image_id, "iscrowd": 0, **annotation})
    names = {label: name for label, name in enumerate(class_names, start=1) if name is not None}
    categories = [{"id": label, "name": name} for label, name in names.items()]
    return {"images": images, "annotations": annotations, "categories": categories}


def _segmentation(region: Region, height: int, width: int, options: Options) -> list[list[float]] | dict[str, Any]:
    if len(region.rings) == 1:
        return [polygon(region, options.tolerance).ravel().tolist()]
    return coco_runs(region.within(height, width))


def _measured(segmentation: list[list[float]] | dict[str, Any], height: int, width: int) -> dict[str, Any]:
    polygons = isinstance(segmentation, list)
    runs = coco_mask.merge(coco_mask.frPyObjects(segmentation, height, width)) if polygons else segmentation
    return {
        "segmentation": segmentation,
        "area": int(coco_mask.area(runs)),
        "bbox": [float(side) for side in coco_mask.toBbox(runs)],
    }
