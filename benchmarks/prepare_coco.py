"""`prepare-data coco` on 100 photos of COCO with the official files: how many images, which classes, and how fast.

Run `python -m benchmarks.prepare_coco`; `--originals DIR` names other files than those beside the project.
"""

import argparse
import datetime
import hashlib
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from pycocotools.coco import COCO as CocoApi

from wsfcn_tf.data.datasets.voc import VocFolder


def main() -> None:
    """Prepares the folder twice, the second time with nothing left to do, and prints what is in it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--originals", default="../shared/data/coco_tiny")
    originals = Path(parser.parse_args().originals)
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "COCO"
        command = [sys.executable, "-m", "wsfcn_tf", "prepare-data", "coco", "--images", str(originals)]
        command += ["--annotations", str(originals), "--output", str(output), "--copy"]
        print(f"{datetime.date.today()}, {os.cpu_count()} cores ({platform.machine()}), ", end="")
        print(f"Python {platform.python_version()}, NumPy {np.__version__}\n")
        for words in ("first run", "again"):
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            print(f"{words}: {time.perf_counter() - start:.2f} s")
        _describe(VocFolder(output))
        print(f"\nSHA-256 of all labels, names and tags: {_checksum(output)}")
        _compare(VocFolder(output), originals)


def _describe(data: VocFolder) -> None:
    pixels = np.zeros(256, np.int64)
    for split in ("train", "val"):
        names = data.names(split)
        tags = np.stack([data.tags(name) for name in names])
        print(
            f"{split}: {len(names)} images, {int((tags.sum(0) > 0).sum())} classes, {tags.sum(1).mean():.2f} tags each"
        )
        for name in names:
            labels = data.mask(name)
            assert labels.shape == data.image(name).shape[:2]
            pixels += np.bincount(labels.ravel(), minlength=256)
    share = 100 * pixels / pixels.sum()
    print(f"pixels: background {share[0]:.2f} %, ignore {share[255]:.2f} %")
    largest = np.argsort(-share[1:81])[:8]
    print("largest classes: " + ", ".join(f"{data.class_names[index]} {share[1 + index]:.2f} %" for index in largest))


def _checksum(output: Path) -> str:
    digest = hashlib.sha256((output / "tags.csv").read_bytes())
    data = VocFolder(output)
    for split in ("train", "val"):
        for name in data.names(split):
            digest.update(name.encode() + data.mask(name).tobytes())
    return digest.hexdigest()[:16]


def _compare(data: VocFolder, originals: Path) -> None:
    """Against COCO's own API: every pixel has the label of an object there, and no object's pixel is background."""
    differing = total = 0
    for split in ("train", "val"):
        (path,) = originals.glob(f"annotations/instances_{split}20*.json")
        api = CocoApi(str(path))
        labels_by_id = {number: label for label, number in enumerate(sorted(api.getCatIds()), start=1)}
        for number, image in api.imgs.items():
            annotations = api.imgToAnns[number]
            if not annotations:
                continue
            mask = data.mask(Path(image["file_name"]).stem)
            allowed = np.zeros((*mask.shape, 256), bool)
            for annotation in annotations:
                label = 255 if annotation["iscrowd"] else labels_by_id[annotation["category_id"]]
                allowed[..., label] |= api.annToMask(annotation).astype(bool)
            allowed[..., 0] = ~allowed.any(-1)
            differing += int((~np.take_along_axis(allowed, mask[..., None].astype(np.int64), -1)).sum())
            total += mask.size
    print(f"against the API's annToMask: {differing} of {total:,} pixels have a label that no object there has")


if __name__ == "__main__":
    main()
