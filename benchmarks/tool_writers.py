"""The tools' own writers of annotations, for `own_readers`: nothing here uses the project's.

A writer gets a folder, in whose images/ the photos are, the photos' labels and the classes, and leaves there what its
tool exports.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

Labels = Mapping[str, np.ndarray]  # by the photo's file name: uint8 [H, W], 0 is background
Writer = Callable[[Path, Labels, Sequence[str]], None]


def labelme_masks(root: Path, labels: Labels, classes: Sequence[str]) -> None:
    """LabelMe's `LabelFile.save`, with a painted mask for each class."""
    from labelme._label_file import LabelFile
    from labelme.utils import img_arr_to_b64

    for name, one in labels.items():
        shapes = []
        for label in sorted(set(np.unique(one)) - {0}):
            rows, columns = (np.flatnonzero((one == label).any(axis=axis)) for axis in (1, 0))
            top, bottom, left, right = rows[0], rows[-1], columns[0], columns[-1]
            mask = (one == label)[top : bottom + 1, left : right + 1]
            corners = [[int(left), int(top)], [int(right), int(bottom)]]
            shape = {"label": classes[label - 1], "points": corners, "shape_type": "mask", "flags": {}}
            shapes.append({**shape, "mask": img_arr_to_b64(mask.astype(np.uint8)), "group_id": None})
        path = root / "images" / f"{Path(name).stem}.json"
        LabelFile().save(str(path), shapes, name, *map(int, one.shape))


def _no_crowds(path: Path) -> None:
    """As our note says: the tool marks objects in run lengths as crowds, which do not count in a mask."""
    content = json.loads(path.read_text(encoding="utf-8"))
    for entry in content["annotations"]:
        entry["iscrowd"] = 0
    path.write_text(json.dumps(content), encoding="utf-8")


def by_datumaro(form: str) -> Writer:
    """`Dataset.export` of datumaro, of a mask for each class."""

    def write(root: Path, labels: Labels, classes: Sequence[str]) -> None:
        from datumaro import Dataset, DatasetItem
        from datumaro.components.annotation import AnnotationType, LabelCategories, Mask, MaskCategories
        from datumaro.components.media import Image

        first = int(form == "voc_segmentation")  # whose class 0 is the background
        items = [
            DatasetItem(
                id=Path(name).stem,
                subset="train",
                media=Image.from_file(path=str(root / "images" / name)),
                annotations=[
                    Mask(
                        image=one == label,
                        label=int(label) - 1 + first,
                        id=int(label),
                        group=int(label),
                    )
                    for label in sorted(set(np.unique(one)) - {0})
                ],
            )
            for name, one in labels.items()
        ]
        names = ("background", *classes) if first else classes
        categories = {AnnotationType.label: LabelCategories.from_iterable(names)}
        if first:
            categories[AnnotationType.mask] = MaskCategories.generate(len(names))
        dataset = Dataset.from_iterable(items, categories=categories)
        dataset.export(str(root / "exported"), form, save_media=True)
        if form == "coco_instances":
            _no_crowds(root / "exported" / "annotations" / "instances_train.json")

    return write


def by_supervision(form: str) -> Writer:
    """`DetectionDataset.as_...` of supervision, of a mask for each class."""

    def write(root: Path, labels: Labels, classes: Sequence[str]) -> None:
        from supervision import DetectionDataset, Detections, mask_to_xyxy

        photos, found = [str(root / "images" / name) for name in labels], {}
        for path, one in zip(photos, labels.values(), strict=True):
            numbers = np.array(sorted(set(np.unique(one)) - {0}), int)
            masks = one == numbers[:, None, None]
            found[path] = Detections(xyxy=mask_to_xyxy(masks), mask=masks, class_id=numbers - 1)
        dataset = DetectionDataset(classes=list(classes), images=photos, annotations=found)
        out = root / "exported"
        if form == "coco":
            dataset.as_coco(str(out), str(out / "annotations.json"))
            _no_crowds(out / "annotations.json")
        elif form == "labelme":
            dataset.as_labelme(str(out), str(out))
        else:
            dataset.as_yolo(str(out / "images"), str(out / "labels"), str(out / "data.yaml"))

    return write


def by_label_studio(form: str) -> Writer:
    """Label Studio's converter, from tasks with a brush for each class; its run lengths by its `mask2rle`."""

    def write(root: Path, labels: Labels, classes: Sequence[str]) -> None:
        from label_studio_sdk.converter import Converter
        from label_studio_sdk.converter.brush import mask2rle

        tasks = []
        for number, (name, one) in enumerate(labels.items(), start=1):
            size = {"original_width": one.shape[1], "original_height": one.shape[0], "image_rotation": 0}
            results = [
                {
                    **size,
                    "id": str(label),
                    "from_name": "tag",
                    "to_name": "image",
                    "type": "brushlabels",
                    "value": {
                        "format": "rle",
                        "rle": mask2rle(255 * (one == label).astype(np.uint8)),
                        "brushlabels": [classes[label - 1]],
                    },
                }
                for label in sorted(set(np.unique(one)) - {0})
            ]
            annotations = [{"id": number, "result": results, "completed_by": 1}]
            data = {"image": f"/data/upload/1/0a1b2c3d-{name}"}
            tasks.append({"id": number, "data": data, "annotations": annotations})
        out = root / "exported"
        out.mkdir()
        (root / "images").rename(out / "images")
        source = root / "tasks.json" if form != "json" else out / "export.json"
        source.write_text(json.dumps(tasks, default=int), encoding="utf-8")
        if form == "json":
            return
        options = "".join(f'<Label value="{name.replace("&", "&amp;").replace("<", "&lt;")}"/>' for name in classes)
        config = f'<View><Image name="image" value="$image"/><BrushLabels name="tag" toName="image">{options}'
        converter = Converter(config + "</BrushLabels></View>", str(root), download_resources=False)
        if form == "json_min":
            converter.convert_to_json_min(str(source), str(out), is_dir=False)
        else:
            converter.convert_to_csv(str(source), str(out), is_dir=False, sep=",", header=True)

    return write


WRITERS: dict[tuple[str, str], Writer] = {
    ("labelme", "LabelMe, painted masks"): labelme_masks,
    ("datumaro", "COCO, `iscrowd` set to 0"): by_datumaro("coco_instances"),
    ("datumaro", "CVAT for images"): by_datumaro("cvat"),
    ("datumaro", "VOC, as CVAT's segmentation mask"): by_datumaro("voc_segmentation"),
    ("supervision", "COCO, `iscrowd` set to 0"): by_supervision("coco"),
    ("supervision", "YOLO"): by_supervision("yolo"),
    ("supervision", "LabelMe"): by_supervision("labelme"),
    ("label-studio-sdk", "JSON, `mask2rle`"): by_label_studio("json"),
    ("label-studio-sdk", "JSON-MIN"): by_label_studio("json_min"),
    ("label-studio-sdk", "CSV"): by_label_studio("csv"),
}
