"""`data.mask_values`: which value of a mask is which class."""

import math
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import yaml

from wsfcn_tf.data.masks.png import IGNORE
from wsfcn_tf.data.masks.stored_values import StoredValues
from wsfcn_tf.data.tags.tags import check_tags
from wsfcn_tf.errors import UserError
from wsfcn_tf.files.reading import nfc

KEY = "data.mask_values"
_MIDDLE_GREYS = (127, 128)
_APART = 32  # values of a JPEG; ringing around edges reaches half of that


def setting_for(values: Iterable[int], class_names: Sequence[str]) -> str:
    """What `--set` takes to say what values mean, as far as it can be guessed: {0: background, 255: CLASS}.

    0 is background, the middle grey of three tones is to be ignored, and what is left are the classes in their order if
    there are as many, or the first if it is one value; else CLASS is to be filled in.
    """
    things = sorted(set(values) - {0})
    names = {0: "background"}
    if len(things) == 2 and things[0] in _MIDDLE_GREYS and len(class_names) != 2:
        names[things.pop(0)] = "ignore"
    known = class_names if len(things) in (1, len(class_names)) else ["CLASS"] * len(things)
    names |= dict(zip(things, known, strict=False))
    text = yaml.safe_dump(names, default_flow_style=True, sort_keys=False, allow_unicode=True, width=math.inf)
    return shlex.quote(f"{KEY}={text.strip()}")


class MaskValues:
    """What the values of masks mean.

    Args:
        names: {value: "background", "ignore" or a class}.
        class_names: of the foreground.

    Raises:
        UserError: a name is no class.
    """

    def __init__(self, names: Mapping[int, str], class_names: Sequence[str]) -> None:
        labels = {"background": 0, "ignore": IGNORE} | {name: label for label, name in enumerate(class_names, start=1)}
        for value, name in names.items():
            if nfc(name) not in labels:
                check_tags([nfc(name)], class_names, f"{KEY}: value {value}")
        self._values = np.array(sorted(names))
        self._labels = np.array([labels[nfc(names[value])] for value in self._values.tolist()], np.uint8)

    def read_mask(self, path: Path) -> np.ndarray:
        """Reads a mask by its values: grey tones, palette indices, 16-bit values, or bits (white is 1, else 255).

        In a JPEG, each pixel is taken for the nearest value that has a meaning: compression changes them around edges.

        Returns:
            uint8 [H,W]: 0 = background, 1..C, 255 = ignore.

        Raises:
            UserError: the file is missing, unreadable or in colours, holds a value without a meaning, or is a JPEG
                whose values are too near to each other.
        """
        stored = StoredValues(path)
        values = stored.values
        if stored.are_bits and 1 not in self._values:
            values = 255 * values
        if not stored.are_exact:
            return self._labels[self._nearest(values, path)]
        positions = np.minimum(np.searchsorted(self._values, values), len(self._values) - 1)
        unknown = self._values[positions] != values
        if unknown.any():
            row, col = np.argwhere(unknown)[0]
            raise UserError(
                f"{path}: value {values[row, col]} (row {row}, column {col}) is not in {KEY}, which has "
                f"{', '.join(map(str, self._values))}: add it, or draw without smooth edges"
            )
        return self._labels[positions]

    def _nearest(self, values: np.ndarray, path: Path) -> np.ndarray:
        if len(self._values) > 1 and np.diff(self._values).min() < _APART:
            raise UserError(
                f"{path}: is a JPEG, in which values of {KEY} cannot be told apart that are nearer than {_APART}: "
                "save it as a PNG"
            )
        return np.searchsorted((self._values[1:] + self._values[:-1]) / 2, values)
