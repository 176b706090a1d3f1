"""What segmenting a photo gives."""

import base64
import html
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from wsfcn_tf.data.annotations import coco
from wsfcn_tf.data.annotations.form import Options
from wsfcn_tf.data.annotations.labelled_photo import LabelledPhoto
from wsfcn_tf.data.masks.png import voc_palette, write_mask
from wsfcn_tf.errors import UserError
from wsfcn_tf.visualisation.overlays import overlay


@dataclass(frozen=True, eq=False, repr=False)
class Segmentation:
    """One photo's segmentation. Notebooks show it as the photo under its labels, with the classes found.

    Attributes:
        name: the photo's path, or "photo 3" for the third of those given as arrays or bytes.
        image: uint8 RGB [H, W, 3], upright.
        labels: uint8 [H, W], 0 is background and i + 1 is class i.
        scores: float32 [C] in [0, 1], how probable it is that each class is in the photo.
        class_names: C of them; from a model server, which names only the classes it found, None for all others.
        probabilities: float32 [H, W, 1 + C] in [0, 1], behind the rules; their arg max are the labels. None
            unless they were asked for.
    """

    name: str
    image: np.ndarray
    labels: np.ndarray
    scores: np.ndarray
    class_names: tuple[str | None, ...]
    probabilities: np.ndarray | None = None

    @property
    def found(self) -> dict[str, float]:
        """The classes that have pixels, in the labels' order, with their scores."""
        present = (int(label) - 1 for label in np.unique(self.labels) if label > 0)
        return {str(self.class_names[i]): float(self.scores[i]) for i in present}

    def mask(self, class_name: str) -> np.ndarray:
        """A class's pixels: bool [H, W]. Raises UserError if there is no such class."""
        if class_name not in self.class_names:
            known = ", ".join(name for name in self.class_names if name is not None)
            raise UserError(f"{self.name}: there is no class {class_name!r}; there are {known or 'none by name'}")
        return self.labels == self.class_names.index(class_name) + 1

    def overlay(self, alpha: float = 0.5) -> np.ndarray:
        """The photo under its labels' colours: uint8 RGB [H, W, 3]; `alpha` is how much of a tint is the colour."""
        return overlay(self.image, self.labels, alpha)

    def save(self, path: str | Path) -> Path:
        """Writes the labels as a palette PNG in VOC's colours, complete or not at all.

        Raises:
            UserError: the name does not end in .png.
        """
        path = Path(path)
        if path.suffix.lower() != ".png":
            raise UserError(f"{path}: labels are written as a PNG: let the name end in .png")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_mask(path, self.labels)
        return path

    def to_coco(
        self, image_id: int = 1, first_annotation_id: int = 1, tolerance: float | None = None
    ) -> dict[str, list[dict[str, Any]]]:
        """The content of a COCO file of this photo.

        Args:
            image_id: the photo's `id` in it.
            first_annotation_id: the annotations' are this one and those that follow.
            tolerance: None for an annotation in run lengths for each class that has pixels; a number for one for each
                connected region, as a polygon that is at most so many pixels from what it leaves out, or in run lengths
                where a region has holes, which COCO's polygons cannot have.

        Returns:
            `images`, `annotations` (category_id is the label; score the class's) and `categories`, all of plain values.
        """
        file_name = Path(self.name).name
        photo = LabelledPhoto(file_name, file_name, self.labels, self.scores, self.class_names)
        options = Options(run_lengths=True) if tolerance is None else Options(tolerance)
        return coco.content([coco.photo_part(photo, options)], self.class_names, image_id, first_annotation_id)

    def __repr__(self) -> str:
        height, width = self.labels.shape
        classes = ", ".join(f"{name} {score:.2f}" for name, score in self.found.items()) or "nothing found"
        return f"Segmentation({self.name!r}, {width}x{height}: {classes})"

    def _repr_html_(self) -> str:
        buffer = io.BytesIO()
        Image.fromarray(self.overlay()).save(buffer, "JPEG", quality=92)
        picture = base64.b64encode(buffer.getvalue()).decode("ascii")
        colours = voc_palette()
        legend = " ".join(
            f'<span style="border-left:1em solid rgb{tuple(map(int, colours[label]))};padding:0 .5em">'
            f"{html.escape(name)} {score:.2f}</span>"
            for label, (name, score) in zip(sorted(set(self.labels.flat) - {0}), self.found.items(), strict=True)
        )
        return (
            f'<figure><img src="data:image/jpeg;base64,{picture}" alt="{html.escape(self.name, quote=True)}">'
            f"<figcaption>{html.escape(self.name)} {legend or 'nothing found'}</figcaption></figure>"
        )
