"""The foreground classes, label 1 first: what classes.txt names, and the two benchmarks' own."""

from collections.abc import Sequence
from pathlib import Path

from wsfcn_tf.errors import UserError
from wsfcn_tf.files.reading import nfc, read_lines

_MOST_CLASSES = 254  # a label is a byte, which also says "background" (0) and "ignore" (255)

VOC = (
    *("aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow"),
    *("diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor"),
)

COCO = (
    *("person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "traffic light"),
    *("fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep", "cow"),
    *("elephant", "bear", "zebra", "giraffe", "backpack", "umbrella", "handbag", "tie", "suitcase", "frisbee"),
    *("skis", "snowboard", "sports ball", "kite", "baseball bat", "baseball glove", "skateboard", "surfboard"),
    *("tennis racket", "bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple"),
    *("sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch"),
    *("potted plant", "bed", "dining table", "toilet", "tv", "laptop", "mouse", "remote", "keyboard", "cell phone"),
    *("microwave", "oven", "toaster", "sink", "refrigerator", "book", "clock", "vase", "scissors", "teddy bear"),
    *("hair drier", "toothbrush"),
)


def read_class_names(path: Path) -> tuple[str, ...]:
    """The foreground classes in classes.txt, with composed accents; a first line "background" is left out.

    Raises:
        UserError: the file is missing, names no class or too many, or names one twice.
    """
    lines = list(map(nfc, read_lines(path)))
    names = tuple(lines[1:] if lines[:1] == ["background"] else lines)
    if not names:
        raise UserError(f"{path}: names no class: write one per line")
    repeated = next((name for index, name in enumerate(names) if name in names[:index]), None)
    if repeated is not None:
        raise UserError(f"{path}: class {repeated!r} is there twice: remove one")
    check_number_of_classes(names, path)
    return names


def check_number_of_classes(names: Sequence[str], path: Path) -> None:
    """Raises UserError, which names `path`, if there are more classes than a mask can hold."""
    if len(names) > _MOST_CLASSES:
        raise UserError(f"{path}: there are {len(names)} classes, and masks hold at most {_MOST_CLASSES}: merge some")
