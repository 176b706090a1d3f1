"""How far copies of photos are from each other by doctor's perceptual hash, how far other photos are, and its time.

python -m benchmarks.near_copies FOLDER...
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from wsfcn_tf.data.doctor.looks import ALIKE, alike, look_of
from wsfcn_tf.data.photos.file_finder import walk_files
from wsfcn_tf.data.photos.images import read_image
from wsfcn_tf.files.markdown import markdown_table

MANY = 100_000
NEAR = 10


def saved(quality: int) -> Callable[[np.ndarray], np.ndarray]:
    """As a JPEG of some quality."""
    options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    return lambda image: cv2.imdecode(cv2.imencode(".jpg", image, options)[1], cv2.IMREAD_COLOR)


def resized(factor: float) -> Callable[[np.ndarray], np.ndarray]:
    """Larger or smaller."""
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return lambda image: cv2.resize(image, None, fx=factor, fy=factor, interpolation=way)


CHANGES = {
    "JPEG 75": saved(75),
    "JPEG 50": saved(50),
    "JPEG 30": saved(30),
    "twice the size": resized(2),
    "half the size": resized(0.5),
    "half the size, JPEG 50": lambda image: saved(50)(resized(0.5)(image)),
    "a quarter of the size": resized(0.25),
    "a quarter of the size, JPEG 50": lambda image: saved(50)(resized(0.25)(image)),
}


def main() -> None:
    """Prints tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    paths = [folder / name for folder in parser.parse_args().folders for name in walk_files(folder)]
    start = time.process_time()
    images = [read_image(path) for path in paths]
    read = time.process_time()
    looks = [look_of(image) for image in images]
    hashed = time.process_time()
    each = 1000 / len(paths)
    times = f"reading one {(read - start) * each:.2f} ms, hashing it {(hashed - read) * each:.2f} ms"
    print(f"{len(paths):,} photos: {times}\n")
    rows = []
    for name, change in CHANGES.items():
        distances = [(look_of(change(image)) ^ look).bit_count() for image, look in zip(images, looks, strict=True)]
        found = np.mean(np.array(distances) <= ALIKE)
        rows.append((name, f"{100 * found:.1f} %", str(max(distances))))
    print(markdown_table(("copy", f"at most {ALIKE} bits away", "most"), rows), "\n")
    pairs = [
        ((look ^ other).bit_count(), paths[one], paths[two])
        for one, look in enumerate(looks)
        for two, other in enumerate(looks[:one])
        if (look ^ other).bit_count() <= NEAR
    ]
    for distance, one, two in sorted(pairs):
        print(f"{distance:>3} {two} {one}")
    rng = np.random.default_rng(0)
    many = dict(enumerate(rng.integers(0, 1 << 64, MANY, dtype=np.uint64).tolist()))
    start = time.process_time()
    alike(many)
    print(f"\n{MANY:,} hashes compared: {time.process_time() - start:.1f} s")


if __name__ == "__main__":
    main()
