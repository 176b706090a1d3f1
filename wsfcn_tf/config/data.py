"""Photos and tags: the section `data`."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic.dataclasses import dataclass

from wsfcn_tf.config.section import READ_NUMBER, Must, Number, Section


@dataclass(frozen=True)
class ScenesConfig(Section):
    """The embedded dataset of generated scenes."""

    train: int = Field(400, ge=1)
    """Scenes of the training split."""
    val: int = Field(100, ge=1)
    """Scenes of the validation split."""
    size: int = Field(96, ge=16)
    """Side in pixels."""
    seed: int = Field(2023, ge=0)
    """Of all that is random in the scenes."""


def _keys_to_numbers(value: Any) -> Any:
    """JSON's keys are texts."""
    if not isinstance(value, dict):
        return value
    return {int(key) if isinstance(key, str) and key.isdecimal() else key: name for key, name in value.items()}


_MaskValues = Annotated[
    dict[int, str],
    Must(
        "one or more values of 0 to 65535, each with a name",
        lambda names: names and 0 <= min(names) <= max(names) < 1 << 16,
    ),
    BeforeValidator(_keys_to_numbers),
]


@dataclass(frozen=True)
class DataConfig(Section):
    """Where photos and tags come from, and how training sees them."""

    format: Literal[
        "scenes",
        "voc",
        "tagged",
        "tfds",
        "auto",
        "image_folder",
        "voc_xml",
        "coco",
        "yolo",
        "labelme",
        "cvat",
        "cvat_masks",
        "label_studio",
        "open_images",
        "table",
    ] = "voc"
    """`scenes` is generated on the fly; `voc` is a folder with JPEGImages/ and ImageSets/Segmentation/; `tagged` is any
    folder of photos with a tags.csv; `tfds` is what the key tfds names; `auto` recognises the folder's layout, and the
    others are other tools' layouts, whose tags and outlines are read."""
    root: str | None = None
    """The data folder (not for scenes); for tfds the folder of TensorFlow Datasets, null for its default."""
    tfds: str | None = None
    """A dataset of TensorFlow Datasets with an image and labels, such as voc/2012; it is downloaded if need be.
    Setting it is enough: format may be left out."""
    tfds_label: str | None = None
    """The feature to take tags from, such as objects/label; null finds it."""
    tag_column: str | None = None
    """Of format table, the column that holds the tags; of label_studio, the question (its from_name). null finds it."""
    tag_separator: Literal["space", "comma", "semicolon", "pipe", "none"] | None = None
    """Of format table: what parts several tags in one cell; null finds it out."""
    train_split: str = "train"
    """Name of the list of training photos (voc: ImageSets/Segmentation/NAME.txt; tfds: its splits, and parts of them
    such as train[:80%])."""
    val_split: str = "val"
    """Name of the list of validation photos, likewise."""
    mask_values: _MaskValues | None = None
    """What the values of masks mean, such as {0: background, 128: ignore, 255: cat}: background, ignore or a class.
    With null, 0 is background, 1 the first class, 255 ignore. JPEG masks need it: the nearest value is meant."""
    masks: Literal["never", "train"] = "never"
    """Whether training may open masks: `never`; or `train`: where a training photo has one, its known pixels teach, and
    255 is unknown (docs/masks.md)."""
    brush_radius: int = Field(3, ge=0)
    """With masks: of a point's disc, in pixels of the photo; lines are as wide as the disc."""
    uncovered: Literal["background", "unknown"] = "background"
    """With masks: what pixels are that neither outlines nor boxes cover, where every class of the photo has one and no
    class has a line or point: `background`; or `unknown`, where outlines are parts of things, as in scribbles by brush.
    Where a class has lines or points and no box, they are unknown either way."""
    pseudo_masks: dict[str, Literal["hard", "soft", "agree"]] | None = None
    """Folders of masks that programs made, such as {predicted: hard}: index PNGs named like the photos, 255 unknown.
    They teach where the data folder's own masks, if they are opened, say nothing. `hard` trusts every pixel; `soft` as
    far as NAME.confidence.png beside it says, 0 to 255, or the NAME.npz of predict --save-probabilities; `agree` only
    where training's own pseudo label is the same."""
    mask_share: Annotated[float, Field(gt=0, le=1), READ_NUMBER] | None = None
    """The share of each batch that is drawn from photos with masks, known in full or in part; null takes photos as they
    come. An epoch is as long either way."""
    crop_size: int = Field(321, ge=16)
    """Side of a training crop."""
    crop_area: Annotated[
        tuple[Number, Number],
        Must(
            "two shares of the photo, the smaller first, above 0 and at most 1",
            lambda area: 0 < area[0] <= area[1] <= 1,
        ),
    ] = (0.9, 1.0)
    """Random resized crop: its share of the photo's area."""
    crop_ratio: Annotated[
        tuple[Number, Number],
        Must("two ratios above 0, the smaller first", lambda ratio: 0 < ratio[0] <= ratio[1]),
    ] = (0.75, 4 / 3)
    """Random resized crop: its aspect ratio (log-uniform)."""
    jitter: Annotated[
        tuple[Number, Number, Number, Number],
        Must(
            "four numbers that are at least 0, the last (hue) at most 0.5",
            lambda jitter: min(jitter) >= 0 and jitter[3] <= 0.5,
        ),
    ] = (0.3, 0.3, 0.3, 0.1)
    """Of brightness, contrast, saturation, hue."""
    flip: bool = True
    """Mirror half of the crops."""
    on_bad_image: Literal["error", "skip"] = "error"
    """A training photo that cannot be read: `error` ends the training; `skip` lets another photo, drawn from all, take
    its place, and lists it in the run's bad_images.txt."""
    workers: int | None = Field(None, ge=1)
    """Threads that load photos; null takes one per core. Changes no result: a run may resume with others."""
    scenes: ScenesConfig = ScenesConfig()
    """The scenes of format scenes."""
