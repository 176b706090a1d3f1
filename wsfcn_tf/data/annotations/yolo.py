"""YOLO's text files of polygons, as Ultralytics has them: a line for each region, `class x1 y1 x2 y2 ...` from 0 to 1.

A hole is joined to the outline by a line there and back, as Ultralytics joins the polygons of one object. The lines
have no place for a score: these are in scores.csv.
"""

from collections.abc import Sequence
from pathlib import Path

import yaml

from wsfcn_tf.data.annotations.form import Options, Parts
from wsfcn_tf.data.annotations.labelled_photo import LabelledPhoto
from wsfcn_tf.data.annotations.polygons import polygon_within_pixels
from wsfcn_tf.files import write_lines, write_text
from wsfcn_tf.files.tables import write_table

_COMMENT = "# predictions; to train on them, add val: and another folder of photos\n"


class Yolo:
    """OUTPUT/labels/NAME.txt, OUTPUT/data.yaml and OUTPUT/scores.csv; a `Form`."""

    is_edited_there = False

    def __init__(self, output: Path, class_names: Sequence[str], options: Options) -> None:
        self.photos = output / "images"
        self.told, self._class_names, self._options = output / "data.yaml", class_names, options
        self._scores = Parts(output, "yolo")

    def has(self, name: str) -> bool:
        """See `Form`."""
        return self._file(name).is_file() and self._scores.has(name)

    def write(self, photo: LabelledPhoto) -> None:
        """See `Form`."""
        scores = [[photo.file_name, photo.class_name(label), photo.score(label)] for label in photo.found]
        self._scores.put(photo.name, scores)
        write_lines(self._file(photo.name), lines(photo, self._options))

    def finish(self, names: Sequence[str]) -> None:
        """See `Form`."""
        rows = [row for part in self._scores.of(names) for row in part]
        write_table(self.told.with_name("scores.csv"), ("photo", "class", "score"), rows)
        content = {"path": ".", "train": "images", "names": dict(enumerate(self._class_names))}
        text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
        write_text(self.told, _COMMENT + text)

    def _file(self, name: str) -> Path:
        return self.told.parent / "labels" / f"{name}.txt"


def lines(photo: LabelledPhoto, options: Options) -> list[str]:
    """A photo's lines; class 0 is label 1."""
    height, width = photo.labels.shape
    found = []
    for label, region in photo.regions():
        points = polygon_within_pixels(region, options.tolerance) / (width, height)
        found.append(f"{label - 1} {' '.join(f'{value:.6f}' for value in points.ravel())}")
    return found
