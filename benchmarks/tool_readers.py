"""The tools' own readers of annotations, for `own_readers`: nothing here uses the project's.

A reader gets a folder that `predict --write` made and the classes, and gives the labels of each photo.
"""

import ast
import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import distribution
from pathlib import Path
from urllib.parse import unquote

import cv2
import numpy as np
from PIL import Image

# labels by the photo's file name: uint8 [H, W], 0 is background
Reader = Callable[[Path, Sequence[str]], dict[str, np.ndarray]]


def _size(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.height, image.width


def _empty(root: Path, photo: str) -> np.ndarray:
    return np.zeros(_size(next(path for path in (root / "images" / photo, root / photo) if path.is_file())), np.uint8)


def _laid(shapes: Iterable[tuple[int, np.ndarray]], labels: np.ndarray) -> np.ndarray:
    """Smaller ones on top, as the forms without an order are read."""
    for label, pixels in sorted(shapes, key=lambda shape: -np.count_nonzero(shape[1])):
        labels[pixels.astype(bool)] = label
    return labels


# === Readers ===


def coco_by_pycocotools(root: Path, classes: Sequence[str]) -> dict[str, np.ndarray]:
    """`COCO.annToMask`."""
    from pycocotools.coco import COCO

    coco, found = COCO(str(root / "coco.json")), {}
    number = {category["id"]: classes.index(category["name"]) + 1 for category in coco.dataset["categories"]}
    for image in coco.loadImgs(coco.getImgIds()):
        annotations = coco.loadAnns(coco.getAnnIds(imgIds=[image["id"]]))
        shapes = ((number[one["category_id"]], coco.annToMask(one)) for one in annotations)
        found[image["file_name"]] = _laid(shapes, np.zeros((image["height"], image["width"]), np.uint8))
    return found


def by_datumaro(form: str) -> Reader:
    """`Dataset.import_from`; masks by datumaro's own rasteriser."""

    def read(root: Path, classes: Sequence[str]) -> dict[str, np.ndarray]:
        from datumaro import Dataset
        from datumaro.components.annotation import AnnotationType

        if form == "coco":  # which datumaro looks for as annotations/TASK_SUBSET.json
            (root / "annotations").mkdir()
            shutil.copy(root / "coco.json", root / "annotations" / "instances_default.json")
        dataset, found = Dataset.import_from(str(root), form), {}
        names = [label.name for label in dataset.categories()[AnnotationType.label]]
        for item in dataset:
            labels = _empty(root, Path(item.media.path).name)
            shapes = (
                (classes.index(names[one.label]) + 1, _pixels(one, *labels.shape))
                for one in item.annotations
                if one.type in (AnnotationType.polygon, AnnotationType.mask)
            )
            found[Path(item.media.path).name] = _laid(shapes, labels)
        return found

    return read


def _pixels(shape, height: int, width: int) -> np.ndarray:
    """A shape's pixels; of a polygon by datumaro's transform `polygons_to_masks`."""
    from datumaro.components.annotation import AnnotationType
    from datumaro.plugins.transforms import PolygonsToMasks

    mask = shape if shape.type == AnnotationType.mask else PolygonsToMasks.convert_polygon(shape, height, width)
    return np.asarray(mask.image)


def by_supervision(form: str) -> Reader:
    """`DetectionDataset.from_...` with masks."""

    def read(root: Path, classes: Sequence[str]) -> dict[str, np.ndarray]:
        from supervision import DetectionDataset

        photos, found = str(root / "images"), {}
        if form == "coco":
            dataset = DetectionDataset.from_coco(photos, str(root / "coco.json"), force_masks=True)
        elif form == "labelme":
            dataset = DetectionDataset.from_labelme(str(root), str(root), force_masks=True)
        else:
            dataset = DetectionDataset.from_yolo(
                photos, str(root / "labels"), str(root / "data.yaml"), force_masks=True
            )
        for path, image, detections in dataset:
            number = [classes.index(dataset.classes[one]) + 1 for one in detections.class_id]
            masks = [] if detections.mask is None else detections.mask
            found[Path(path).name] = _laid(zip(number, masks, strict=True), np.zeros(image.shape[:2], np.uint8))
        return found

    return read


def labelme_by_labelme(root: Path, classes: Sequence[str]) -> dict[str, np.ndarray]:
    """`LabelFile` and `shapes_to_label`, which its own exports use."""
    from labelme._label_file import LabelFile
    from labelme.utils import shapes_to_label

    found = {}
    for path in sorted(root.glob("*.json")):
        file = LabelFile(str(path))
        numbers = {name: number for number, name in enumerate(classes, start=1)}
        labels, _ = shapes_to_label(_size(root / file.image_path), file.shapes, numbers)
        found[Path(file.image_path).name] = labels.astype(np.uint8)
    return found


def _accepted(root: Path) -> Path:
    """The tasks as they are exported when a person has accepted all predictions."""
    tasks = json.loads((root / "label_studio.json").read_text(encoding="utf-8"))
    exported = [
        {"id": number, "data": task["data"], "annotations": [{"id": number, **task["predictions"][0]}]}
        for number, task in enumerate(tasks, start=1)
    ]
    path = root / "exported" / "tasks.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(exported), encoding="utf-8")
    return path


def label_studio_by_converter(root: Path, classes: Sequence[str]) -> dict[str, np.ndarray]:
    """Its converter takes the tasks by our labelling config; brushes by its `decode_rle`.

    It has no rasteriser of polygons: they are filled by COCO's, in pixels as its export to COCO writes them.
    """
    from label_studio_sdk.converter import Converter
    from label_studio_sdk.converter.brush import decode_rle
    from pycocotools import mask as coco_mask

    converter = Converter(str(root / "label_studio.xml"), str(root))
    found = {}
    for item in converter.iter_from_json_file(str(_accepted(root))):
        photo = unquote(item["input"]["image"]).rpartition("/")[2]
        labels = _empty(root, photo)
        height, width = labels.shape
        for output in item["output"].values():
            for value in output:
                if "rle" in value:
                    rgba = decode_rle(value["rle"]).reshape(value["original_height"], value["original_width"], 4)
                    labels[rgba[..., 3] > 0] = classes.index(value["brushlabels"][0]) + 1
                elif "points" in value:
                    points = np.array(value["points"]) * (width / 100, height / 100)
                    runs = coco_mask.frPyObjects([points.ravel().tolist()], height, width)
                    pixels = coco_mask.decode(coco_mask.merge(runs)).astype(bool)
                    labels[pixels] = classes.index(value["polygonlabels"][0]) + 1
        found[photo] = labels
    return found


def yolo_by_ultralytics(root: Path, classes: Sequence[str]) -> dict[str, np.ndarray]:
    """Its `polygon2mask`, alone: the package's import needs PyTorch."""
    source = Path(str(distribution("ultralytics").locate_file("ultralytics/data/utils.py"))).read_text(encoding="utf-8")
    (function,) = (node for node in ast.parse(source).body if getattr(node, "name", "") == "polygon2mask")
    names = {"np": np, "cv2": cv2}
    exec(compile(ast.Module([function], []), "polygon2mask", "exec"), names)
    found = {}
    for path in sorted((root / "images").iterdir()):
        labels, shapes = _empty(root, path.name), []
        height, width = labels.shape
        for line in (root / "labels" / f"{path.stem}.txt").read_text().splitlines():
            number, *shares = line.split()
            points = np.array(shares, np.float32).reshape(-1, 2) * np.float32((width, height))
            shapes.append((int(number) + 1, names["polygon2mask"]((height, width), [points.ravel()])))
        found[path.name] = _laid(shapes, labels)
    return found


READERS: dict[str, dict[str, Reader]] = {
    "coco": {
        "pycocotools": coco_by_pycocotools,
        "datumaro": by_datumaro("coco"),
        "supervision": by_supervision("coco"),
    },
    "labelme": {"labelme": labelme_by_labelme, "supervision": by_supervision("labelme")},
    "cvat": {"datumaro": by_datumaro("cvat")},
    "label-studio": {"label-studio-sdk": label_studio_by_converter},
    "yolo": {"ultralytics": yolo_by_ultralytics, "supervision": by_supervision("yolo")},
}
