"""The same four photos and tags as each tool writes them."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

TAGS = {"a": ("cat",), "b": ("cat", "dog"), "c": ("dog",), "d": ()}
CLASSES = ("cat", "dog")


def put(root: Path, name: str, text: str = "") -> None:
    """Writes a file, and the folders above it."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def photos(root: Path, folder: str = "", names: str = "abcd") -> None:
    """Photos of one colour each, as NAME.jpg."""
    for name in names:
        path = root / folder / f"{name}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (24, 20), (ord(name), 0, 0)).save(path)


def coco(names: str, prefix: str = "", first: int = 1, **more: object) -> dict:
    """COCO's value for photos."""
    shown = [(number, tag) for number, name in enumerate(names) for tag in TAGS[name]]
    return {
        "images": [{"id": i, "file_name": f"{prefix}{n}.jpg", "height": 20, "width": 24} for i, n in enumerate(names)],
        "annotations": [
            {"id": i, "image_id": image, "category_id": first + CLASSES.index(tag), "bbox": [1, 1, 5, 5]}
            for i, (image, tag) in enumerate(shown)
        ],
        "categories": [{"id": first + i, "name": name} for i, name in enumerate(CLASSES)],
        **more,
    }


def voc_xml(name: str, filename: str | None = None) -> str:
    """VOC's XML of a photo."""
    objects = "".join(f"<object><name>{tag}</name><difficult>1</difficult></object>" for tag in TAGS[name])
    return f"<annotation><filename>{filename or name + '.jpg'}</filename>{objects}</annotation>"


def yolo(name: str) -> str:
    """YOLO's lines of a photo: a box for the first tag, a polygon for the second."""
    shapes = ("0.5 0.5 0.2 0.2", "0.1 0.1 0.2 0.1 0.2 0.2")
    return "".join(f"{CLASSES.index(tag)} {shapes[i]}\n" for i, tag in enumerate(TAGS[name]))


def labelme(name: str, image_path: str | None = None) -> str:
    """LabelMe's JSON: the first tag is a shape, the second a flag."""
    points = [[1, 1], [9, 1], [9, 9]]
    shapes = [{"label": tag, "points": points, "shape_type": "polygon"} for tag in TAGS[name][:1]]
    flags = {tag: tag in TAGS[name][1:] for tag in CLASSES}
    sizes = {"imageHeight": 20, "imageWidth": 24, "imageData": None}
    return json.dumps({"shapes": shapes, "flags": flags, "imagePath": image_path or f"{name}.jpg", **sizes})


def cvat() -> str:
    """CVAT's XML: boxes, and tags."""
    labels = "".join(f"<label><name>{name}</name></label>" for name in CLASSES)
    elements = ("<box label='{}' xtl='1'/>", "<tag label='{}'/>")
    images = "".join(
        f"<image id='0' name='{name}.jpg'>{''.join(elements[i].format(tag) for i, tag in enumerate(tags))}</image>"
        for name, tags in TAGS.items()
    )
    return f"<annotations><meta><job><labels>{labels}</labels></job></meta>{images}</annotations>"


def label_studio() -> list:
    """Label Studio's tasks: a polygon, and choices; photos were uploaded."""
    values = (lambda tag: {"polygonlabels": [tag], "points": []}, lambda tag: {"choices": [tag]})
    return [
        {
            "id": 1,
            "data": {"image": f"/data/upload/1/0123abcd-{name}.jpg"},
            "annotations": [{"result": [{"value": values[i](tag)} for i, tag in enumerate(tags)]}],
        }
        for name, tags in TAGS.items()
    ]


def label_studio_min() -> list:
    """The same as JSON-MIN: brushes, and choices."""
    return [
        {
            "id": 1,
            "image": f"/data/upload/1/0123abcd-{name}.jpg",
            "brush": [{"format": "rle", "brushlabels": [tag]} for tag in tags[:1]],
            "choice": {"choices": list(tags[1:])},
            "annotator": "a@b",
            "annotation_id": 3,
            "lead_time": 1.5,
        }
        for name, tags in TAGS.items()
    ]


def label_studio_csv() -> str:
    """The same as CSV."""
    rows = []
    for name, tags in TAGS.items():
        cell = tags[0] if len(tags) == 1 else json.dumps({"choices": tags}) if tags else ""
        rows.append(f'/data/upload/1/0123abcd-{name}.jpg,1,"{cell.replace(chr(34), chr(34) * 2)}",a@b,3,1.5\n')
    return "image,id,choice,annotator,annotation_id,lead_time\n" + "".join(rows)


def table(header: str, separator: str, suffix: str = "") -> str:
    """A competition's table."""
    rows = "".join(f'{name}{suffix},"{separator.join(tags)}"\n' for name, tags in TAGS.items())
    return f"{header}\n{rows}"


def cvat_masks(root: Path) -> None:
    """CVAT's segmentation masks: colours of labelmap.txt."""
    colours = {"cat": (128, 0, 0), "dog": (0, 128, 0)}
    lines = [f"{name}:{','.join(map(str, colour))}::\n" for name, colour in colours.items()]
    put(root, "labelmap.txt", f"# label:color_rgb:parts:actions\nbackground:0,0,0::\n{''.join(lines)}")
    put(root, "ImageSets/Segmentation/default.txt", "a\nb\nc\nd\n")
    photos(root, "JPEGImages")
    for name, tags in TAGS.items():
        mask = np.zeros((20, 24, 3), np.uint8)
        for column, tag in enumerate(tags):
            mask[:, column] = colours[tag]
        path = root / "SegmentationClass" / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(mask).save(path)


def open_images(root: Path) -> None:
    """Open Images' labels; what is verified to be absent has confidence 0."""
    photos(root, "images")
    rows = "".join(f"{name},verification,/m/{tag},1\n" for name, tags in TAGS.items() for tag in tags)
    put(root, "train-annotations-human-imagelabels.csv", f"ImageID,Source,LabelName,Confidence\n{rows}d,x,/m/cat,0\n")
    put(root, "class-descriptions.csv", "/m/cat,cat\n/m/dog,dog\n/m/cow,cow\n")


def write(root: Path, form: str) -> None:
    """Writes the photos and tags in one of `FORMS`, all for training."""
    FORMS[form][1](root)


def _voc(root: Path) -> None:
    photos(root, "JPEGImages")
    for name in TAGS:
        put(root, f"Annotations/{name}.xml", voc_xml(name))


def _voc_beside(root: Path) -> None:
    photos(root)
    for name in TAGS:
        put(root, f"{name}.xml", voc_xml(name, f"C:\\photos\\{name}.jpg"))


def _coco(root: Path) -> None:
    photos(root, "train2017")
    put(root, "annotations/instances_train2017.json", json.dumps(coco("abcd")))
    put(root, "annotations/person_keypoints_train2017.json", json.dumps(coco("a")))


def _roboflow(root: Path) -> None:
    photos(root, "train")
    value = coco("abcd")
    value["categories"].insert(0, {"id": 0, "name": "animals", "supercategory": "none"})
    put(root, "train/_annotations.coco.json", json.dumps(value))


def _yolo(root: Path) -> None:
    photos(root, "images/train")
    put(root, "data.yaml", "path: ../datasets/x\ntrain: images/train\nval:\nnames: {0: cat, 1: dog}\n")
    for name in TAGS:
        put(root, f"labels/train/{name}.txt", yolo(name))


def _yolo_beside(root: Path) -> None:
    photos(root)
    put(root, "classes.txt", "cat\ndog\n")
    for name in TAGS:
        put(root, f"{name}.txt", yolo(name))


def _labelme(root: Path) -> None:
    photos(root)
    for name in TAGS:
        put(root, f"{name}.json", labelme(name))


def _labelme_apart(root: Path) -> None:
    photos(root, "images")
    for name in TAGS:
        put(root, f"json/{name}.json", labelme(name, f"..\\images\\{name}.jpg"))


def _cvat(root: Path) -> None:
    photos(root, "images")
    put(root, "annotations.xml", cvat())


def _label_studio(root: Path) -> None:
    photos(root, "upload")
    put(root, "export.json", json.dumps(label_studio()))


def _label_studio_min(root: Path) -> None:
    photos(root)
    put(root, "export.json", json.dumps(label_studio_min()))


def _label_studio_csv(root: Path) -> None:
    photos(root)
    put(root, "export.csv", label_studio_csv())


def _spaces(root: Path) -> None:
    photos(root, "train_images")
    put(root, "train.csv", table("image_name,tags", " "))
    put(root, "sample_submission.csv", "image_name,tags\nx,cat\n")


def _pipes(root: Path) -> None:
    photos(root)
    put(root, "labels.csv", table("filename,label", "|", ".jpg"))


def _commas(root: Path) -> None:
    photos(root)
    put(root, "labels.csv", table("image_id,labels", ", "))


def _lists(root: Path) -> None:
    photos(root)
    rows = "".join(f'{name},"{json.dumps(tags).replace(chr(34), chr(34) * 2)}"\n' for name, tags in TAGS.items())
    put(root, "labels.csv", f"id,labels\n{rows}")


def _one_hot(root: Path) -> None:
    photos(root, "train")
    rows = "".join(f"{name}.jpg,{int('cat' in tags)},{int('dog' in tags)}\n" for name, tags in TAGS.items())
    put(root, "train/_classes.csv", f"filename, cat, dog\n{rows}")


def _boxes(root: Path) -> None:
    photos(root)
    rows = "".join(f"{name}.jpg,24,20,{tag},1,1,5,5\n" for name, tags in TAGS.items() for tag in tags or ["background"])
    put(root, "_annotations.csv", f"filename,width,height,class,xmin,ymin,xmax,ymax\n{rows}")


def _mask_rows(root: Path) -> None:
    photos(root)
    rows = "".join(f"{name}.jpg,{tag},1 5\n" for name, tags in TAGS.items() for tag in tags)
    put(root, "train.csv", f"ImageId,ClassId,EncodedPixels\n{rows}d.jpg,cat,\n")


def _joint(root: Path) -> None:
    photos(root)
    rows = "".join(f"{name}.jpg_{tag},{'1 5' * (tag in tags)}\n" for name, tags in TAGS.items() for tag in CLASSES)
    put(root, "train.csv", f"Image_Label,EncodedPixels\n{rows}")


# what it is called in the test's name -> its layout, and what writes it
FORMS = {
    "VOC": ("voc_xml", _voc),
    "VOC, XML beside the photos": ("voc_xml", _voc_beside),
    "COCO": ("coco", _coco),
    "Roboflow's COCO": ("coco", _roboflow),
    "YOLO": ("yolo", _yolo),
    "YOLO, text beside the photos": ("yolo", _yolo_beside),
    "LabelMe": ("labelme", _labelme),
    "LabelMe, JSON in another folder": ("labelme", _labelme_apart),
    "CVAT for images": ("cvat", _cvat),
    "CVAT's segmentation masks": ("cvat_masks", cvat_masks),
    "Label Studio JSON": ("label_studio", _label_studio),
    "Label Studio JSON-MIN": ("label_studio", _label_studio_min),
    "Label Studio CSV": ("label_studio", _label_studio_csv),
    "Open Images": ("open_images", open_images),
    "table, spaces": ("table", _spaces),
    "table, pipes": ("table", _pipes),
    "table, commas": ("table", _commas),
    "table, JSON lists": ("table", _lists),
    "table, a column for each class": ("table", _one_hot),
    "table, a row for each box": ("table", _boxes),
    "table, a row for each mask": ("table", _mask_rows),
    "table, NAME_CLASS": ("table", _joint),
}
