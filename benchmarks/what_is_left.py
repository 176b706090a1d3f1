"""Where masks are still wrong: by the size of things, and near borders or not.

python -m wsfcn_tf predict --weights RUN --split val --output MASKS
python -m benchmarks.what_is_left MASKS --data ../shared/data/msrc
"""

import argparse
from pathlib import Path

import numpy as np

from benchmarks.thing_sizes import HEADER, ThingSizes
from wsfcn_tf.data.datasets.dataset import open_folder
from wsfcn_tf.data.masks.png import IGNORE, read_mask
from wsfcn_tf.data.photos.file_finder import stem_of
from wsfcn_tf.evaluation.metrics.boundary import band_width, contour_band
from wsfcn_tf.files.markdown import markdown_table

_KINDS = ("right", "background called a thing", "a thing called background", "a thing called another")


def main() -> None:
    """Prints two tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("masks", type=Path)
    parser.add_argument("--data", required=True)
    parser.add_argument("--split", default="val")
    arguments = parser.parse_args()
    dataset = open_folder(arguments.data)
    sizes, pixels = ThingSizes(), np.zeros([len(_KINDS), 2], np.int64)
    classes = len(dataset.class_names)
    for name in dataset.names(arguments.split):
        truth, prediction = dataset.mask(name), read_mask(arguments.masks / f"{stem_of(name)}.png", classes)
        sizes.add(truth, prediction)
        near = contour_band(truth, band_width(*truth.shape), frame=False)
        kinds = _kinds(truth, prediction)
        counted = truth != IGNORE
        for place, of_place in enumerate((near, ~near)):
            pixels[:, place] += np.bincount(kinds[of_place & counted], minlength=len(_KINDS))
    print(markdown_table(HEADER, sizes.rows()) + "\n")
    header = ("", "near a border: share of pixels", "of errors", "elsewhere: share of pixels", "of errors")
    print(markdown_table(header, _rows(pixels)))


def _kinds(truth: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """The index in _KINDS of each pixel."""
    wrong = [prediction != truth, truth != 0, (truth != 0) & (prediction != 0)]
    return wrong[0] * (1 + wrong[1].astype(int) + wrong[2])


def _rows(pixels: np.ndarray) -> list[tuple[str, ...]]:
    shares, of_errors = pixels / pixels.sum(), pixels / pixels[1:].sum()
    rows = []
    for i, kind in enumerate(_KINDS):
        errors = ["" if i == 0 else f"{share:.0%}" for share in of_errors[i]]
        rows.append((kind, f"{shares[i, 0]:.1%}", errors[0], f"{shares[i, 1]:.1%}", errors[1]))
    return rows


if __name__ == "__main__":
    main()
