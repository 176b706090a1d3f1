"""The forms by their names."""

from collections.abc import Callable, Sequence
from pathlib import Path

from wsfcn_tf.data.annotations.coco import Coco
from wsfcn_tf.data.annotations.cvat import Cvat
from wsfcn_tf.data.annotations.form import Form, Options
from wsfcn_tf.data.annotations.label_studio import LabelStudio
from wsfcn_tf.data.annotations.labelme import LabelMe
from wsfcn_tf.data.annotations.yolo import Yolo

FORMS: dict[str, Callable[[Path, Sequence[str], Options], Form]] = {
    "coco": Coco,
    "labelme": LabelMe,
    "cvat": Cvat,
    "label-studio": LabelStudio,
    "yolo": Yolo,
}
WITH_RUN_LENGTHS = ("coco", "cvat", "label-studio")
