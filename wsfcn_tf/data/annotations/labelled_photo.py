"""A photo with labels for its pixels, and the connected regions of its classes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wsfcn_tf.data.annotations.outlines import Region, regions


@dataclass(frozen=True, eq=False)
class LabelledPhoto:
    """A photo whose labels are to be written.

    Attributes:
        name: its path below the folder that is written, without a suffix: "beach/1".
        file_name: the same with the photo's suffix: "beach/1.jpg".
        labels: uint8 [H, W], 0 is background and i + 1 is class i.
        scores: float32 [C] in [0, 1].
        class_names: C of them; None for those that are not known, which have no pixels.
        file: the photo's; None if it is no file.
    """

    name: str
    file_name: str
    labels: np.ndarray
    scores: np.ndarray
    class_names: Sequence[str | None]
    file: Path | None = None

    @property
    def found(self) -> list[int]:
        """The labels that have pixels, without the background's."""
        return [int(label) for label in np.unique(self.labels) if label > 0]

    def class_name(self, label: int) -> str:
        """A label's class."""
        return str(self.class_names[label - 1])

    def score(self, label: int) -> float:
        """The score of a label's class, to six digits."""
        return round(float(self.scores[label - 1]), 6)

    def regions(self) -> Iterator[tuple[int, Region]]:
        """The connected regions of each class that has pixels, with their labels."""
        for label in self.found:
            for region in regions(self.labels == label):
                yield label, region
