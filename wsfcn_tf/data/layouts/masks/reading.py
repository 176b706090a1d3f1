"""What the readers of layouts' masks have in common."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import TypeVar

import numpy as np

from wsfcn_tf.data.layouts.outlines import Outlines
from wsfcn_tf.data.shapes.drawing import Shape
from wsfcn_tf.errors import UserError

# of a photo, and the radius of points: its shapes, and its height and width
ReadShapes = Callable[[str, Outlines, int], tuple[list[Shape], tuple[int, int]]]
ReadMask = Callable[[str, Outlines], np.ndarray]  # of a photo: uint8 [H,W], 0..C, 255 = ignore
T = TypeVar("T")
_LARGEST_SIDE = 1 << 16
_MOST_PIXELS = 1 << 30  # as many as a photo may have


def once(open_file: Callable[[str], T]) -> Callable[[str], T]:
    """A function that opens a file when it is first asked for, and in one thread while others wait: it may be large."""
    lock, opened = Lock(), cache(open_file)

    def locked(name: str) -> T:
        with lock:
            return opened(name)

    return locked


@contextmanager
def place(where: str) -> Iterator[None]:
    """Around what decodes one object: what it raises becomes a UserError that starts with `where`."""
    try:
        yield
    except (ValueError, TypeError, LookupError, OverflowError) as error:
        raise UserError(f"{where}: {error}: draw it again") from None


def checked_size(height: object, width: object, where: str) -> tuple[int, int]:
    """Height and width. Raises UserError if they are no sizes of a picture."""
    sides = (height, width)
    if not all(type(side) is int and 0 < side <= _LARGEST_SIDE for side in sides) or height * width > _MOST_PIXELS:
        raise UserError(f"{where}: its height and width are not sizes: mend them")
    return height, width


def lay_over(shapes: Iterable[tuple[np.ndarray, int]], height: int, width: int) -> np.ndarray:
    """Labels of areas, pairs of bool [height,width] and label, each on top of those before it: uint8 [height,width]."""
    labels = np.zeros((height, width), np.uint8)
    for pixels, label in shapes:
        labels[pixels] = label
    return labels
