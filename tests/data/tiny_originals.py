"""The official files of VOC 2012, SBD and COCO in miniature, with pictures of noise.

`python tests/data/tiny_originals.py` makes the dummy data of the TFDS builders.
"""

import json
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.io import savemat

from wsfcn_tf.data.masks.png import write_mask
from wsfcn_tf.data.tags.class_names import COCO, VOC

HEIGHT, WIDTH = 12, 16

# VOC: train a, b; val c, d; test t. SBD: train b, e, f; val d, g. So train_aug is a, b, e, f, g.
AEROPLANE, CAT, DOG, PERSON = (1 + VOC.index(name) for name in ("aeroplane", "cat", "dog", "person"))


def photo(path: Path, seed: int, size: tuple[int, int] = (HEIGHT, WIDTH), mode: str = "RGB") -> None:
    """A photo of noise, of `size` (height, width)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
    Image.fromarray(pixels).convert(mode).save(path, quality=40)


def halves(left: int, right: int) -> np.ndarray:
    """A mask with two labels, and VOC's border of 255 between them."""
    labels = np.full((HEIGHT, WIDTH), left, np.uint8)
    labels[:, WIDTH // 2 :] = right
    labels[:, WIDTH // 2] = 255
    return labels


def without_border(left: int, right: int) -> np.ndarray:
    """A mask such as SBD has: no pixel is ignored."""
    labels = np.full((HEIGHT, WIDTH), left, np.uint8)
    labels[:, WIDTH // 2 :] = right
    return labels


VOC_MASKS = {"a": halves(0, CAT), "b": halves(DOG, PERSON), "c": halves(0, AEROPLANE), "d": halves(0, DOG)}
SBD_MASKS = {
    "b": without_border(0, CAT),
    "d": without_border(0, CAT),
    "e": without_border(CAT, PERSON),
    "f": without_border(0, AEROPLANE),
    "g": without_border(0, DOG),
}


def make_voc(root: Path, test: bool = True) -> Path:
    """ROOT/VOCdevkit/VOC2012; returns VOCdevkit."""
    folder = root / "VOCdevkit" / "VOC2012"
    for seed, name in enumerate("abcdefgt" if test else "abcdefg"):
        photo(folder / "JPEGImages" / f"{name}.jpg", seed)
    for name, labels in VOC_MASKS.items():
        write_mask(folder / "SegmentationClass" / f"{name}.png", labels)
    lists = folder / "ImageSets" / "Segmentation"
    lists.mkdir(parents=True)
    for split, names in {"train": "ba", "val": "cd", "trainval": "abcd", **({"test": "t"} if test else {})}.items():
        (lists / f"{split}.txt").write_text("".join(f"{name}\n" for name in names))
    (folder / "Annotations").mkdir()
    for name in "abcdefg":
        text = "<annotation><object><name>sheep</name></object><object><name>cow</name></object></annotation>"
        (folder / "Annotations" / f"{name}.xml").write_text(text)
    return root / "VOCdevkit"


def make_sbd(root: Path) -> Path:
    """ROOT/benchmark_RELEASE; returns it."""
    folder = root / "benchmark_RELEASE" / "dataset"
    (folder / "cls").mkdir(parents=True)
    for name, labels in SBD_MASKS.items():
        content = {"GTcls": {"Segmentation": labels, "CategoriesPresent": np.unique(labels[labels > 0])}}
        savemat(folder / "cls" / f"{name}.mat", content, do_compression=True)
    (folder / "train.txt").write_text("b\ne\nf\n")
    (folder / "val.txt").write_text("d\ng\n")
    return root / "benchmark_RELEASE"


def rectangle(left: int, top: int, right: int, bottom: int) -> list[list[int]]:
    """A polygon that covers the pixels left..right-1, top..bottom-1."""
    return [[left, top, right, top, right, bottom, left, bottom]]


def coco_categories() -> list[dict]:
    """COCO's 80, in another order than that of their ids, which have gaps."""
    gaps = (12, 26, 29, 30, 45, 66, 68, 69, 71, 83)
    ids = [number for number in range(1, 91) if number not in gaps]
    entries = [{"id": number, "name": name} for number, name in zip(ids, COCO, strict=True)]
    return entries[::-1]


def coco_id(name: str) -> int:
    """The category id of a class."""
    return next(entry["id"] for entry in coco_categories() if entry["name"] == name)


def annotation(number: int, image: int, name: str, segmentation: object, crowd: int = 0) -> dict:
    """An entry of an instances file."""
    entry = {"id": number, "image_id": image, "category_id": coco_id(name), "segmentation": segmentation}
    return entry | {"iscrowd": crowd}


def make_coco(root: Path, year: int = 2014) -> Path:
    """Photos 1 to 3 in train, of which 3 has no objects, and 4 in val; returns ROOT."""
    named = "COCO_{split}2014_{number:012d}.jpg" if year == 2014 else "{number:012d}.jpg"
    annotations = {
        "train": [
            annotation(1, 1, "cat", rectangle(2, 2, 6, 6)),
            annotation(2, 1, "person", rectangle(0, 0, WIDTH, 8)),
            annotation(3, 2, "toothbrush", {"size": [HEIGHT, WIDTH], "counts": [0, HEIGHT, HEIGHT * (WIDTH - 1)]}, 1),
        ],
        "val": [annotation(4, 4, "dog", rectangle(8, 0, WIDTH, HEIGHT))],
    }
    for split, numbers in (("train", (1, 2, 3)), ("val", (4,))):
        images = []
        for number in numbers:
            name = named.format(split=split, number=number)
            photo(root / f"{split}{year}" / name, number, mode="L" if number == 2 else "RGB")
            images.append({"id": number, "file_name": name, "height": HEIGHT, "width": WIDTH})
        content = {"images": images, "annotations": annotations[split], "categories": coco_categories()}
        path = root / "annotations" / f"instances_{split}{year}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content, separators=(",", ":")))
    return root


if __name__ == "__main__":
    builders = Path(__file__).parents[2] / "wsfcn_tf" / "data" / "datasets" / "tfds"
    make_voc(builders / "voc2012_segmentation" / "dummy_data", test=False)
    make_sbd(builders / "voc2012_segmentation" / "dummy_data")
    make_coco(builders / "coco2014_segmentation" / "dummy_data")
