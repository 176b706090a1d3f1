"""LabelMe's JSON for each photo.

Polygons, not its `mask` shapes: LabelMe (5.3 and later) shows these, but its points are all that can be dragged. A hole
is joined to the outline by a line there and back, which every reader of LabelMe's files understands; a polygon labelled
`_background_` would be a class of its own to most of them.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wsfcn_tf.data.annotations.form import Options
from wsfcn_tf.data.annotations.labelled_photo import LabelledPhoto
from wsfcn_tf.data.annotations.polygons import polygon_through_pixels
from wsfcn_tf.files import write_json

_VERSION = "5.3.1"  # whose keys these are


class LabelMe:
    """OUTPUT/NAME.json; a `Form`."""

    is_edited_there = True

    def __init__(self, output: Path, class_names: Sequence[str], options: Options) -> None:
        self.photos = self.told = output
        self._options = options

    def has(self, name: str) -> bool:
        """See `Form`."""
        return self._file(name).is_file()

    def write(self, photo: LabelledPhoto) -> None:
        """See `Form`."""
        beside = self.told / photo.file_name
        written = beside if beside.is_file() or photo.file is None else photo.file
        path = os.path.relpath(written, self._file(photo.name).parent)
        write_json(self._file(photo.name), content(photo, path, self._options))

    def finish(self, names: Sequence[str]) -> None:
        """See `Form`."""

    def _file(self, name: str) -> Path:
        return self.told / f"{name}.json"


def content(photo: LabelledPhoto, image_path: str, options: Options) -> dict[str, Any]:
    """A LabelMe file's content; the classes that were found are its flags, and scores the shapes' descriptions.

    Args:
        photo: the photo and its labels.
        image_path: where the photo is, as seen from the file.
        options: the polygons' tolerance.
    """
    height, width = (int(side) for side in photo.labels.shape)
    shapes = [
        {
            "label": photo.class_name(label),
            "points": polygon_through_pixels(region, options.tolerance).tolist(),
            "group_id": None,
            "description": f"score {photo.score(label)}",
            "shape_type": "polygon",
            "flags": {},
            "mask": None,
        }
        for label, region in photo.regions()
    ]
    found = set(photo.found)
    return {
        "version": _VERSION,
        "flags": {str(name): label in found for label, name in enumerate(photo.class_names, start=1)},
        "shapes": shapes,
        "imagePath": image_path.replace(os.sep, "/"),
        "imageData": None,
        "imageHeight": height,
        "imageWidth": width,
    }
