"""Which images of an evaluation the report shows: the best, the worst, and those with classes confused."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wsfcn_tf.evaluation.html_report.stages import stage_pictures
from wsfcn_tf.evaluation.metrics import formulas
from wsfcn_tf.inference.prediction import Prediction
from wsfcn_tf.visualisation.pages.pictures import encode


@dataclass(frozen=True)
class Mistake:
    """Pixels of one foreground class that were labelled as another one.

    Attributes:
        truth, prediction: the classes' labels, 1..C.
        share: of the image's counted pixels.
    """

    truth: int
    prediction: int
    share: float


@dataclass(frozen=True)
class Example:
    """An image to show.

    Attributes:
        name: the photo's.
        miou: over the classes in its truth or its prediction, background included.
        class_iou: from label to IoU, for these classes.
        mistake: its largest one; None if no foreground class was taken for another.
        pictures: from stage to WebP, in the stages' order.
        size: the pictures' width and height.
    """

    name: str
    miou: float
    class_iou: dict[int, float]
    mistake: Mistake | None
    pictures: dict[str, bytes]
    size: tuple[int, int]


class ExampleCollector:
    """Keeps the pictures of a few images of an evaluation: pass `add` to `evaluate` as its `on_image`.

    Memory holds at most 3 * `keep` images, encoded, whatever the number of images that come by.

    Args:
        class_names: of the foreground.
        keep: how many of the best, of the worst and of the most confused.
    """

    def __init__(self, class_names: Sequence[str], keep: int) -> None:
        self._labels = 1 + len(class_names)
        self._best, self._worst, self._confused = _Largest(keep), _Largest(keep), _Largest(keep)

    @property
    def best(self) -> list[Example]:
        """The images of highest mIoU, best first; of equals, those that came first."""
        return self._best.examples

    @property
    def worst(self) -> list[Example]:
        """The images of lowest mIoU, worst first."""
        return self._worst.examples

    @property
    def confused(self) -> list[Example]:
        """The images of which the largest share is of one foreground class and labelled as another."""
        return self._confused.examples

    def add(self, name: str, image: np.ndarray, truth: np.ndarray, prediction: Prediction) -> None:
        """Looks at an image, and keeps it if it belongs to any of the three; one without a counted pixel does not."""
        matrix = formulas.confusion_matrix(truth, prediction.labels, self._labels)
        if not matrix.any():
            return
        miou, mistake = formulas.mean_iou(matrix), largest_mistake(matrix)
        wanted = [(self._best, miou), (self._worst, -miou)]
        if mistake is not None:
            wanted.append((self._confused, mistake.share))
        wanted = [(largest, key) for largest, key in wanted if largest.wants(key)]
        if not wanted:
            return
        pictures = stage_pictures(image, truth, prediction)
        height, width = next(iter(pictures.values())).shape[:2]
        class_iou = {label: value for label, value in enumerate(formulas.iou(matrix).tolist()) if value == value}
        encoded = {stage: encode(picture) for stage, picture in pictures.items()}
        example = Example(name, miou, class_iou, mistake, encoded, (width, height))
        for largest, key in wanted:
            largest.add(key, example)


def largest_mistake(matrix: np.ndarray) -> Mistake | None:
    """The pair of foreground classes with the most pixels of one labelled as the other; None if there is no such pixel.

    Args:
        matrix: a confusion matrix, int64 [1+C, 1+C], rows truth, with at least one counted pixel.
    """
    between = matrix[1:, 1:] * (1 - np.eye(len(matrix) - 1, dtype=matrix.dtype))
    if not between.any():
        return None
    truth, prediction = np.unravel_index(between.argmax(), between.shape)
    return Mistake(int(truth) + 1, int(prediction) + 1, float(between.max() / matrix.sum()))


class _Largest:
    """The examples of the largest keys; of equal keys, those that came first."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._entries: list[tuple[float, Example]] = []

    @property
    def examples(self) -> list[Example]:
        return [example for _, example in self._entries]

    def wants(self, key: float) -> bool:
        return len(self._entries) < self._keep or key > self._entries[-1][0]

    def add(self, key: float, example: Example) -> None:
        self._entries.append((key, example))
        self._entries.sort(key=lambda entry: entry[0], reverse=True)  # stable, also in reverse
        del self._entries[self._keep :]
