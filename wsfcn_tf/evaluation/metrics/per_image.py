"""Each image's confusion matrix, kept in the few bytes that its handful of labels needs, in memory and on disk."""

from array import array
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from wsfcn_tf.errors import UserError
from wsfcn_tf.files import replacing


class PerImage:
    """The confusion matrices of many images, in the order in which they were added.

    Of each matrix only what is not 0 is kept: a place (2 bytes) and a count (4 bytes). An image with five true and
    predicted classes takes 150 bytes at most, whatever the number of classes; 81 x 81 int64 would take 52 kB.

    Args:
        class_names: of the matrices' K labels, background first.
    """

    def __init__(self, class_names: Sequence[str]) -> None:
        self.class_names = tuple(class_names)
        self.names: list[str] = []
        self._places, self._counts, self._ends = array("H"), array("I"), array("Q", [0])

    def add(self, name: str, matrix: np.ndarray) -> None:
        """Appends an image's confusion matrix, int64 [K, K]."""
        places = np.flatnonzero(matrix)
        self.names.append(name)
        self._places.frombytes(places.astype(np.uint16).tobytes())
        self._counts.frombytes(matrix.ravel()[places].astype(np.uint32).tobytes())
        self._ends.append(len(self._places))

    def matrix(self, index: int) -> np.ndarray:
        """The confusion matrix of one image: int64 [K, K]."""
        labels = len(self.class_names)
        matrix = np.zeros(labels**2, np.int64)
        here = slice(self._ends[index], self._ends[index + 1])
        matrix[self._places[here]] = self._counts[here]
        return matrix.reshape(labels, labels)

    def class_counts(self) -> np.ndarray:
        """The `metrics.class_counts` of every image: float64 [N, 3, K], whole numbers."""
        images, labels = len(self.names), len(self.class_names)
        image = np.repeat(np.arange(images), np.diff(np.asarray(self._ends).astype(np.int64)))
        true, predicted = np.divmod(np.asarray(self._places, np.int64), labels)
        counts = np.asarray(self._counts, np.float64)
        kinds = ((predicted, counts * (true == predicted)), (true, counts), (predicted, counts))
        sums = [np.bincount(image * labels + label, some, minlength=images * labels) for label, some in kinds]
        return np.stack(sums).reshape(3, images, labels).swapaxes(0, 1)

    def save(self, path: str | Path) -> None:
        """Writes a .npz file, all or nothing."""
        with replacing(path) as temporary:
            np.savez_compressed(
                temporary,
                class_names=np.array(self.class_names, str),
                names=np.array(self.names, str),
                places=np.asarray(self._places, np.uint16),
                counts=np.asarray(self._counts, np.uint32),
                ends=np.asarray(self._ends, np.uint64),
            )

    @classmethod
    def load(cls, path: str | Path) -> "PerImage":
        """Reads such a file. Raises UserError if there is none, or it is something else."""
        try:
            with Path(path).open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                loaded = cls(file["class_names"].tolist())
                loaded.names = file["names"].tolist()
                loaded._places = array("H", file["places"].astype(np.uint16).tobytes())
                loaded._counts = array("I", file["counts"].astype(np.uint32).tobytes())
                loaded._ends = array("Q", file["ends"].astype(np.uint64).tobytes())
        except FileNotFoundError:
            raise UserError(f"{path}: there is no such file: run evaluate again, which writes it") from None
        except Exception:  # zip and NumPy do not say what their readers raise
            raise UserError(f"{path}: is not what evaluate writes under this name: run evaluate again") from None
        return loaded
