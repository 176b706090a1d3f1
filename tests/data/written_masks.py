"""The masks of the four photos of `written_layouts` as each tool writes them."""

import base64
import csv
import io
import itertools
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from pycocotools import mask as coco_mask
from written_layouts import CLASSES, TAGS, cvat_masks, photos, put

HEIGHT, WIDTH = 20, 24
# top, bottom, left, right of each object; on "b", the later one is the smaller, so that all tools lay it on top
BOXES = {"a": [(2, 8, 3, 11)], "b": [(2, 14, 2, 14), (5, 9, 6, 18)], "c": [(10, 20, 0, 24)], "d": []}


def area(box: tuple[int, int, int, int]) -> np.ndarray:
    """A box's pixels."""
    top, bottom, left, right = box
    pixels = np.zeros((HEIGHT, WIDTH), bool)
    pixels[top:bottom, left:right] = True
    return pixels


def expected(name: str) -> np.ndarray:
    """A photo's mask."""
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    for tag, box in objects(name):
        labels[area(box)] = 1 + CLASSES.index(tag)
    return labels


def objects(name: str) -> list[tuple[str, tuple[int, int, int, int]]]:
    """A photo's tags and boxes."""
    return list(zip(TAGS[name], BOXES[name], strict=True))


def points(box: tuple[int, int, int, int], edge: float = 0) -> list[tuple[float, float]]:
    """A box's outline, x and y, in five points: four might be a box. `edge`: 1 if the last pixels' places are meant."""
    top, bottom, left, right = box
    bottom, right = bottom - edge, right - edge
    return [(left, top), (right, top), (right, (top + bottom) // 2), (right, bottom), (left, bottom)]


def runs(pixels: np.ndarray, order: str = "C") -> list[int]:
    """How many pixels are out, in, out, ..."""
    values = [(value, len(list(group))) for value, group in itertools.groupby(pixels.ravel(order=order).tolist())]
    return [0] * bool(values[0][0]) + [length for _, length in values]


def brush(pixels: np.ndarray) -> list[int]:
    """Label Studio's run lengths of RGBA values: long runs as one value, short ones as the values themselves."""
    values = np.repeat(pixels.ravel() * np.uint8(255), 4).tolist()
    bits = f"{len(values):032b}{7:05b}" + "".join(f"{size - 1:04b}" for size in (3, 4, 8, 16))
    for value, group in itertools.groupby(values):
        length = len(list(group))
        while length:
            part = min(length, 1 << 16)
            size = next(number for number, size in enumerate((3, 4, 8, 16)) if part <= 1 << size)
            is_run = part > 2 or part == length
            bits += f"{int(is_run)}{size:02b}{part - 1:0{(3, 4, 8, 16)[size]}b}" + f"{value:08b}" * (
                1 if is_run else part
            )
            length -= part
    bits += "0" * (-len(bits) % 8)
    return [int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)]


def coco(segmentation: Callable[[tuple[int, int, int, int]], object]) -> dict:
    """COCO's value, with objects' areas as `segmentation` makes them."""
    annotations = [
        {
            "image_id": name,
            "category_id": 1 + CLASSES.index(tag),
            "segmentation": segmentation(box),
            "bbox": [0, 0, 1, 1],
        }
        for name in TAGS
        for tag, box in objects(name)
    ]
    return {
        "images": [{"id": name, "file_name": f"{name}.jpg", "height": HEIGHT, "width": WIDTH} for name in TAGS],
        "annotations": [{"id": number, **entry} for number, entry in enumerate(annotations)],
        "categories": [{"id": 1 + number, "name": name} for number, name in enumerate(CLASSES)],
    }


def polygon(box: tuple[int, int, int, int]) -> list[list[int]]:
    """COCO's polygons of a box."""
    return [list(itertools.chain(*points(box)))]


def compressed(box: tuple[int, int, int, int]) -> dict:
    """COCO's compressed run lengths of a box."""
    found = coco_mask.encode(np.asfortranarray(area(box), np.uint8))
    return {"size": found["size"], "counts": found["counts"].decode()}


def uncompressed(box: tuple[int, int, int, int]) -> dict:
    """COCO's run lengths of a box as numbers."""
    return {"size": [HEIGHT, WIDTH], "counts": runs(area(box), "F")}


def yolo(name: str) -> str:
    """YOLO's lines of a photo."""
    lines = [
        (CLASSES.index(tag), *(part for x, y in points(box, edge=0.5) for part in (x / WIDTH, y / HEIGHT)))
        for tag, box in objects(name)
    ]
    return "".join(" ".join(map(str, line)) + "\n" for line in lines)


def labelme(name: str, painted: bool = False) -> str:
    """LabelMe's JSON of a photo; its coordinates are those of the outline's pixels."""
    shapes = []
    for tag, box in objects(name):
        top, bottom, left, right = box
        if painted:
            part = io.BytesIO()
            Image.fromarray(area(box)[top:bottom, left:right]).save(part, "PNG")
            corners = [[left, top], [right - 1, bottom - 1]]
            mask = base64.b64encode(part.getvalue()).decode()
            shapes.append({"label": tag, "points": corners, "shape_type": "mask", "mask": mask})
        else:
            shapes.append({"label": tag, "points": points(box, edge=1), "shape_type": "polygon"})
    sizes = {"imageHeight": HEIGHT, "imageWidth": WIDTH}
    return json.dumps({"shapes": shapes, "flags": {}, "imagePath": f"{name}.jpg", "imageData": None, **sizes})


def cvat(painted: bool = False) -> str:
    """CVAT's XML."""
    text = "".join(f"<label><name>{name}</name></label>" for name in CLASSES)
    text = f"<meta><task><labels>{text}</labels></task></meta>"
    for name in TAGS:
        text += f'<image id="0" name="{name}.jpg" width="{WIDTH}" height="{HEIGHT}">'
        for tag, box in objects(name):
            top, bottom, left, right = box
            if painted:
                # two columns more than the object has
                wide = area(box)[top:bottom, max(left - 1, 0) : min(right + 1, WIDTH)]
                place = f'left="{max(left - 1, 0)}" top="{top}" width="{wide.shape[1]}" height="{wide.shape[0]}"'
                counts = ", ".join(map(str, runs(wide)))
                text += f'<mask label="{tag}" source="manual" rle="{counts}" {place} z_order="0"></mask>'
            else:
                place = ";".join(f"{x:.2f},{y:.2f}" for x, y in points(box))
                text += (
                    f'<polygon label="{tag}" points="{place}" z_order="0"><attribute name="a">1</attribute></polygon>'
                )
        text += "</image>"
    return f"<annotations>{text}</annotations>"


def region(tag: str, box: tuple[int, int, int, int], painted: bool) -> dict:
    """Label Studio's value of a region."""
    if painted:
        return {"format": "rle", "rle": brush(area(box)), "brushlabels": [tag]}
    shares = [[100 * x / WIDTH, 100 * y / HEIGHT] for x, y in points(box)]
    return {"points": shares, "closed": True, "polygonlabels": [tag]}


def label_studio(painted: bool = False) -> list:
    """Label Studio's tasks."""
    sizes = {"original_width": WIDTH, "original_height": HEIGHT, "image_rotation": 0}
    return [
        {
            "id": 1,
            "data": {"image": f"/data/upload/1/0123abcd-{name}.jpg"},
            "annotations": [{"result": [{**sizes, "value": region(tag, box, painted)} for tag, box in objects(name)]}],
        }
        for name in TAGS
    ]


def label_studio_min(painted: bool = False) -> list:
    """The same as JSON-MIN."""
    sizes = {"original_width": WIDTH, "original_height": HEIGHT}
    return [
        {
            "id": 1,
            "image": f"{name}.jpg",
            "tag": [{**region(tag, box, painted), **sizes} for tag, box in objects(name)],
            "annotator": "a@b",
            "annotation_id": 3,
        }
        for name in TAGS
    ]


def label_studio_csv() -> str:
    """The same as CSV."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("image", "annotation_id", "annotator", "tag"))
    for entry in label_studio_min(painted=True):
        writer.writerow((entry["image"], 3, "a@b", json.dumps(entry["tag"]) if entry["tag"] else ""))
    return text.getvalue()


def starts(pixels: np.ndarray) -> str:
    """Kaggle's run lengths: starts, from 1 and down the columns, and lengths."""
    lengths = runs(pixels, "F")
    ends = np.cumsum(lengths)
    pairs = [(ends[at - 1] + 1, lengths[at]) for at in range(1, len(lengths), 2)]
    return " ".join(f"{start} {length}" for start, length in pairs)


def kaggle(joint: bool) -> str:
    """A competition's table: a row for each photo and class, or for each mask."""
    rows = ["ImageId_ClassId,EncodedPixels" if joint else "ImageId,EncodedPixels,Height,Width,ClassId"]
    for name in TAGS:
        found = dict(objects(name))
        for tag in CLASSES if joint or not found else found:
            cell = starts(area(found[tag])) if tag in found else ""
            rows.append(f"{name}.jpg_{tag},{cell}" if joint else f"{name}.jpg,{cell},{HEIGHT},{WIDTH},{tag}")
    return "\n".join(rows) + "\n"


def write_masks(root: Path, form: str) -> None:
    """Writes the photos and their masks in one of `MASK_FORMS`."""
    layout, content = MASK_FORMS[form]
    if layout == "cvat_masks":
        cvat_masks(root)
        colours = np.array([(0, 0, 0), (128, 0, 0), (0, 128, 0)], np.uint8)
        for name in TAGS:
            Image.fromarray(colours[expected(name)]).save(root / "SegmentationClass" / f"{name}.png")
        return
    photos(root)
    if layout == "yolo":
        put(root, "obj.names", "cat\ndog\n")
    for file, text in content().items():
        put(root, file, text)


# what it is called in the test's name -> its layout, and what gives its files
MASK_FORMS = {
    "COCO, polygons": ("coco", lambda: {"instances.json": json.dumps(coco(polygon))}),
    "COCO, compressed run lengths": ("coco", lambda: {"instances.json": json.dumps(coco(compressed))}),
    "COCO, run lengths": ("coco", lambda: {"instances.json": json.dumps(coco(uncompressed))}),
    "YOLO, polygons": ("yolo", lambda: {f"{name}.txt": yolo(name) for name in TAGS}),
    "LabelMe, polygons": ("labelme", lambda: {f"{name}.json": labelme(name) for name in TAGS}),
    "LabelMe, painted": ("labelme", lambda: {f"{name}.json": labelme(name, painted=True) for name in TAGS}),
    "CVAT, polygons": ("cvat", lambda: {"annotations.xml": cvat()}),
    "CVAT, painted": ("cvat", lambda: {"annotations.xml": cvat(painted=True)}),
    "CVAT's segmentation masks": ("cvat_masks", None),
    "Label Studio JSON, polygons": ("label_studio", lambda: {"export.json": json.dumps(label_studio())}),
    "Label Studio JSON, brush": ("label_studio", lambda: {"export.json": json.dumps(label_studio(painted=True))}),
    "Label Studio JSON-MIN, polygons": ("label_studio", lambda: {"export.json": json.dumps(label_studio_min())}),
    "table, EncodedPixels": ("table", lambda: {"train.csv": kaggle(joint=False)}),
    "table, ImageId_ClassId": ("table", lambda: {"train.csv": kaggle(joint=True)}),
    "Label Studio CSV, brush": ("label_studio", lambda: {"export.csv": label_studio_csv()}),
}
