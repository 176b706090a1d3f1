"""The photos of docs/own_photos.md: generated scenes as files, with a tags.csv, for those who have no photos at hand.

Run `python -m benchmarks.own_photos --output DIR`: DIR/photos is to train on, DIR/new is not in tags.csv.
"""

import argparse
import csv
from pathlib import Path

import numpy as np

from wsfcn_tf.config import ScenesConfig
from wsfcn_tf.data.datasets.scenes.scenes import Scenes
from wsfcn_tf.visualisation.overlays import save_image

_SCENES = ScenesConfig(train=320, val=12, size=256, seed=1)


def main() -> None:
    """Writes the photos and tags.csv."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", required=True)
    output = Path(parser.parse_args().output)
    scenes = Scenes(_SCENES)
    rows = []
    for split, folder in (("train", output / "photos"), ("val", output / "new")):
        for name in scenes.names(split):
            save_image(folder / f"{name}.jpg", scenes.image(name))
            if split == "train":
                tags = ";".join(scenes.class_names[index] for index in np.flatnonzero(scenes.tags(name)))
                rows.append((f"{name}.jpg", tags))
    with (output / "photos" / "tags.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("image", "tags"), *rows])
    print(f"{len(rows)} photos with tags.csv: {output / 'photos'}; {_SCENES.val} others: {output / 'new'}")


if __name__ == "__main__":
    main()
