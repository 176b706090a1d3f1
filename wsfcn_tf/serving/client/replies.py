"""What a server's answer has to be before it is believed: everything in it is another machine's word."""

import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image

from wsfcn_tf.serving.client.errors import BadReply, printable
from wsfcn_tf.serving.client.photos import Encoded

_SEPARATOR = ";"  # between the names of the classes found, in the exported network's `labels`
_MOST_CLASSES = 255  # labels are uint8


@dataclass(frozen=True, eq=False)
class ServedPrediction:
    """One photo's prediction, as `Prediction`, from a server.

    Attributes:
        labels: uint8 [H, W], 0 is background and i+1 is class i.
        scores: float32 [C] in [0, 1], how probable it is that each class is in the photo.
        class_names: C of them; None for each class without a pixel, as the server names only those it found, and for
            all classes where photos were sent as an array.
    """

    labels: np.ndarray
    scores: np.ndarray
    class_names: tuple[str | None, ...]


def scores_of(outputs: Mapping[str, np.ndarray], count: int) -> np.ndarray:
    """The scores of `count` photos: float32 [count, C] in [0, 1]. Raises BadReply."""
    scores = numbers(outputs, "scores", 2)
    if len(scores) != count or not 0 < scores.shape[1] <= _MOST_CLASSES:
        raise BadReply(f"scores of {count} photos are asked for, and the answer's are {list(scores.shape)}")
    if not ((scores >= 0) & (scores <= 1)).all():  # NaN is neither
        raise BadReply("not every score is between 0 and 1")
    return scores.astype(np.float32)


def numbers(outputs: Mapping[str, np.ndarray], name: str, rank: int) -> np.ndarray:
    """An output of numbers in `rank` dimensions. Raises BadReply if it is missing, or of another kind."""
    values = outputs.get(name)
    if values is None or values.dtype.kind not in "iuf" or values.ndim != rank:
        raise BadReply(f"the output {name} is not an array of numbers in {rank} dimensions")
    return values


def labels_of(outputs: Mapping[str, np.ndarray], shape: tuple[int, ...], classes: int) -> np.ndarray:
    """The class maps of photos sent as an array: uint8 of that shape. Raises BadReply."""
    labels = numbers(outputs, "labels", len(shape))
    if labels.shape != shape or labels.dtype.kind == "f":
        raise BadReply(f"labels {list(shape)} are asked for, and the answer's are {labels.dtype} {list(labels.shape)}")
    _check_labels(labels, classes)
    return labels.astype(np.uint8)


def predictions_of(outputs: Mapping[str, np.ndarray], photos: list[Encoded]) -> list[ServedPrediction]:
    """The predictions of photos sent as files. Raises BadReply, which names the photo where it is one's."""
    scores = scores_of(outputs, len(photos))
    masks, names = (_texts(outputs, name, len(photos)) for name in ("mask_bytes", "labels"))
    predictions = []
    for photo, mask, found, photo_scores in zip(photos, masks, names, scores, strict=True):
        try:
            labels = _decode(mask, photo)
            _check_labels(labels, len(photo_scores))
            predictions.append(ServedPrediction(labels, photo_scores, _names(found, labels, len(photo_scores))))
        except BadReply as error:
            raise BadReply(f"{photo.name}: {error}") from None
    return predictions


def _texts(outputs: Mapping[str, np.ndarray], name: str, count: int) -> list[bytes]:
    values = outputs.get(name)
    if values is None or values.dtype != object or values.shape != (count,):
        raise BadReply(f"the output {name} is not {count} strings")
    return values.tolist()


def _decode(mask: bytes, photo: Encoded) -> np.ndarray:
    """An index PNG's labels; its size is checked before its pixels are unpacked."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(mask), formats=("PNG",)) as image:
                size, mode = image.size[::-1], image.mode
                if photo.fits(size) and mode in ("P", "L"):
                    return np.array(image)
    except MemoryError:
        raise
    except Exception:  # Pillow does not say what its readers raise
        raise BadReply("the answer's mask cannot be read as a PNG") from None
    if not photo.fits(size):
        raise BadReply(f"the answer's mask is {size[1]}x{size[0]} and the photo {photo.size[1]}x{photo.size[0]}")
    raise BadReply(f"the answer's mask is no index PNG, but {mode}")


def _check_labels(labels: np.ndarray, classes: int) -> None:
    if labels.size and not 0 <= labels.min() <= labels.max() <= classes:
        raise BadReply(f"the answer has labels from {labels.min()} to {labels.max()}, and {classes} classes")


def _names(found: bytes, labels: np.ndarray, classes: int) -> tuple[str | None, ...]:
    present = [int(label) for label in np.unique(labels) if label > 0]
    names = [printable(name) for name in found.decode(errors="replace").split(_SEPARATOR)] if found else []
    if len(names) != len(present):
        raise BadReply(f"the answer names {len(names)} classes, and its mask has {len(present)}")
    name_of = dict(zip(present, names, strict=True))
    return tuple(name_of.get(label) for label in range(1, classes + 1))
