"""What `predict --write` writes, read by the tools' own packages, and what these write, read by ours.

Needs an environment of its own, without TensorFlow: labelme, label-studio-sdk, datumaro, supervision, pycocotools,
pydantic, and ultralytics without what it requires (--no-deps). From the project's folder:

    PYTHONPATH=. PYTHON -m benchmarks.own_readers
"""

import contextlib
import io
import logging
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from benchmarks.tool_readers import READERS
from benchmarks.tool_writers import WRITERS
from wsfcn_tf.data.annotations.form import Options
from wsfcn_tf.data.annotations.forms import FORMS, WITH_RUN_LENGTHS
from wsfcn_tf.data.annotations.labelled_photo import LabelledPhoto
from wsfcn_tf.data.datasets.layout_folder import LayoutFolder
from wsfcn_tf.data.layouts.folder import SourceFolder
from wsfcn_tf.data.layouts.gathering import Choices
from wsfcn_tf.data.layouts.recognise import read_layout, recognise
from wsfcn_tf.errors import UserError
from wsfcn_tf.files.markdown import markdown_table

CLASSES = ("cat", "hot dog", "straße", "<&>")
PACKAGES = ("labelme", "label-studio-sdk", "datumaro", "supervision", "ultralytics", "pycocotools", "numpy")
PREFIX = "/data/local-files/?d=own/images/"
HEIGHT, WIDTH, PHOTOS = 240, 320, 5


def smooth(rng: np.random.Generator) -> np.ndarray:
    """Three blobs, some over others."""
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    for label in (1, 2, 3):
        centre = rng.uniform((0, 0), (WIDTH, HEIGHT)).astype(int).tolist()
        axes = rng.uniform(25, 90, 2).astype(int).tolist()
        cv2.ellipse(labels, centre, axes, rng.uniform(0, 180), 0, 360, label, -1)
    return labels


def holes(rng: np.random.Generator) -> np.ndarray:
    """A disc with a dozen holes, in some of which there is another class, and a ring at the photo's border."""
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.circle(labels, (150, 120), 110, 1, -1)
    for _ in range(12):
        centre = rng.uniform((80, 50), (220, 190)).astype(int).tolist()
        cv2.circle(labels, centre, int(rng.integers(1, 18)), int(rng.choice([0, 2])), -1)
    cv2.circle(labels, (310, 30), 40, 3, 8)
    return labels


def components(rng: np.random.Generator) -> np.ndarray:
    """Forty pieces of four classes, rectangles among them."""
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    for _ in range(40):
        x, y, side = int(rng.integers(WIDTH)), int(rng.integers(HEIGHT)), int(rng.integers(4, 24))
        if rng.random() < 0.5:
            cv2.rectangle(labels, (x, y), (x + side, y + side // 2), int(rng.integers(1, 5)), -1)
        else:
            cv2.circle(labels, (x, y), side // 2, int(rng.integers(1, 5)), -1)
    return labels


def tiny(rng: np.random.Generator) -> np.ndarray:
    """Sixty things of 1 to 4 pixels a side."""
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    for _ in range(60):
        x, y = int(rng.integers(WIDTH)), int(rng.integers(HEIGHT))
        height, width = rng.integers(1, 5, 2)
        labels[y : y + height, x : x + width] = rng.integers(1, 5)
    return labels


def ragged(rng: np.random.Generator) -> np.ndarray:
    """Regions as a CRF leaves them on photos: frayed, with islands, and holes of a few pixels."""

    def noise(sigma: float) -> np.ndarray:
        field = cv2.GaussianBlur(rng.standard_normal((HEIGHT, WIDTH)), (0, 0), sigma)
        return field / field.std()

    fields = np.stack([noise(30) + 0.35 * noise(4) + 0.12 * noise(1) for _ in range(4)])
    fields[0] += 0.8
    return fields.argmax(axis=0).astype(np.uint8)


KINDS = {"smooth": smooth, "holes": holes, "components": components, "tiny": tiny, "ragged": ragged}


def photos(kind: str) -> dict[str, np.ndarray]:
    """Labels by the photos' names."""
    rng = np.random.default_rng(0)
    return {f"{kind} {number}.png": KINDS[kind](rng) for number in range(PHOTOS)}


def write(form: str, root: Path, labels: dict[str, np.ndarray], run_lengths: bool) -> None:
    """As `predict --write FORM --with-photos` does."""
    scores = np.linspace(0.9, 0.6, len(CLASSES), dtype=np.float32)
    opened = FORMS[form](root, CLASSES, Options(run_lengths=run_lengths, photo_prefix=PREFIX))
    put_photos(opened.photos, labels)
    for name, one in labels.items():
        opened.write(LabelledPhoto(Path(name).stem, name, one, scores, CLASSES, opened.photos / name))
    opened.finish([Path(name).stem for name in labels])


def put_photos(folder: Path, labels: dict[str, np.ndarray]) -> None:
    """Pictures of the labels' sizes."""
    folder.mkdir(parents=True)
    for name, one in labels.items():
        Image.new("RGB", one.shape[::-1], (90, 120, 40)).save(folder / name)


def least_iou(read: dict[str, np.ndarray], written: dict[str, np.ndarray]) -> float:
    """Of each photo and class; 0 for what one of them lacks. A photo without annotations may be missing."""
    ious = []
    for name, labels in written.items():
        found = read.get(name, np.zeros_like(labels))
        for label in set(np.unique(labels)) | set(np.unique(found)):
            one, other = labels == label, found == label
            ious.append(np.count_nonzero(one & other) / np.count_nonzero(one | other))
    return min(ious)


def rows_of_readers() -> Iterator[tuple[str, ...]]:
    """For each form and tool: the least IoU of each kind of mask."""
    for form, readers in READERS.items():
        for run_lengths in (False, True) if form in WITH_RUN_LENGTHS else (False,):
            for tool, read in readers.items():
                cells = []
                for kind in KINDS:
                    labels = photos(kind)
                    with tempfile.TemporaryDirectory() as folder:
                        root = Path(folder) / "own"
                        write(form, root, labels, run_lengths)
                        with contextlib.redirect_stdout(io.StringIO()):
                            cells.append(f"{least_iou(read(root, CLASSES), labels):.3f}")
                yield (form + " --rle" * run_lengths, tool, *cells)


def rows_of_writers() -> Iterator[tuple[str, ...]]:
    """For each tool and form: what ours recognise, and the least IoU of each kind of mask."""
    for (tool, form), write_own in WRITERS.items():
        cells, layout = [], ""
        for kind in KINDS:
            labels = photos(kind)
            with tempfile.TemporaryDirectory() as folder:
                root = Path(folder) / "own"
                put_photos(root / "images", labels)
                with contextlib.redirect_stdout(io.StringIO()):
                    write_own(root, labels, CLASSES)
                layout, read = ours(root / "exported" if (root / "exported").exists() else root / "images")
                cells.append(f"{least_iou(read, labels):.3f}")
        yield (tool, form, layout, *cells)


def ours(root: Path) -> tuple[str, dict[str, np.ndarray]]:
    """As `evaluate --data` reads a folder: its layout, and the labels."""
    folder = SourceFolder(root)
    try:
        layout, told = (recognise(folder).name,) * 2
    except UserError as error:  # datumaro's has VOC's XML, too, and ours asks
        if "can be read as cvat_masks" not in str(error):
            raise
        layout, told = "cvat_masks", "asks; read with `--format cvat_masks`"
    contents = read_layout(folder, layout, Choices())
    dataset = LayoutFolder(root, layout, contents, Choices(), CLASSES)
    return told, {Path(name).name: dataset.mask(name) for name in contents.masks}


def main() -> None:
    """Prints the tables."""
    logging.disable()
    print(", ".join(f"{name} {version(name)}" for name in PACKAGES), "\n")
    print(markdown_table(("`--write`", "read by", *KINDS), list(rows_of_readers())))
    print()
    print(markdown_table(("written by", "as", "recognised as", *KINDS), list(rows_of_writers())))


if __name__ == "__main__":
    main()
