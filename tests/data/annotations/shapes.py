"""Labels of photos with all that makes outlines hard, and how to compare what is read with what was written."""

from pathlib import Path

import numpy as np
from hypothesis import strategies as st
from PIL import Image

from wsfcn_tf.data.annotations.labelled_photo import LabelledPhoto

CLASSES = ("cat", "hot dog", '<&> "ä"')
SCORES = np.float32([0.9, 0.75, 0.25])


def hard_labels(height=90, width=120) -> np.ndarray:
    """Discs, rings, several components, a class within another, single pixels, corners that touch, and the border."""
    rows, columns = np.mgrid[:height, :width]
    labels = np.zeros((height, width), np.uint8)

    def disc(row, column, radius):
        return (rows - row) ** 2 + (columns - column) ** 2 <= radius**2

    labels[disc(40, 50, 35)] = 1
    labels[disc(40, 50, 20)] = 0
    labels[disc(40, 50, 12)] = 2
    labels[disc(40, 50, 4)] = 1
    labels[disc(60, 119, 22)] = 2
    labels[disc(88, 5, 15)] = 3
    labels[20, 60] = 0  # a hole of one pixel
    labels[2:4, 100:102], labels[4:6, 102:104] = 1, 1  # touch in a corner
    labels[8, 90:110] = 3  # a line
    labels[0, 0] = 2
    return labels


def photo(labels: np.ndarray, name="beach/a 1", suffix=".jpg", file: Path | None = None) -> LabelledPhoto:
    return LabelledPhoto(name, name + suffix, labels, SCORES, CLASSES, file)


def masks(side=14):
    """Any small mask, bool [H, W], from a few pixels to a few holes."""

    def make(height, width, density, seed):
        return np.random.default_rng(seed).random((height, width)) < density

    sides = st.integers(1, side)
    return st.builds(make, sides, sides, st.sampled_from([0.1, 0.4, 0.6, 0.8, 1.0]), st.integers(0, 1 << 32))


def write_photo(path: Path, labels: np.ndarray) -> Path:
    """A picture of the labels' size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", labels.shape[::-1], (90, 120, 40)).save(path)
    return path


def check_same(read: np.ndarray, labels: np.ndarray, least=0.98) -> None:
    """Each class's IoU is at least so much, and no other class is there."""
    assert set(np.unique(read)) == set(np.unique(labels))
    for label in set(np.unique(labels)) - {0}:
        one, other = read == label, labels == label
        iou = (one & other).sum() / (one | other).sum()
        assert iou >= least, (label, iou)


def inside(points: np.ndarray, height: int, width: int) -> np.ndarray:
    """The pixels whose middle a polygon goes around an odd number of times, by casting rays: bool [height, width]."""
    y, x = np.mgrid[:height, :width] + 0.5
    odd = np.zeros((height, width), bool)
    for (x1, y1), (x2, y2) in zip(points, np.roll(points, -1, axis=0), strict=True):
        if y1 != y2:
            crosses = (y1 > y) != (y2 > y)
            odd ^= crosses & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return odd


def unpacked(data: list[int]) -> np.ndarray:
    """thi.ng's rle-pack, from its description: what Label Studio unpacks."""
    bits = "".join(f"{byte:08b}" for byte in data)
    at = 0

    def read(size):
        nonlocal at
        at += size
        return int(bits[at - size : at], 2)

    count, word, sizes = read(32), read(5) + 1, [read(4) + 1 for _ in range(4)]
    values = []
    while len(values) < count:
        is_run = read(1)
        length = read(sizes[read(2)]) + 1
        values += [read(word)] * length if is_run else [read(word) for _ in range(length)]
    assert len(values) == count and len(bits) - at < 8
    return np.array(values, np.uint8)
