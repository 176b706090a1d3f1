"""legend.csv, or CVAT's labelmap.txt: which colour of a mask is which class."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from wsfcn_tf.data.masks.label_numbers import label_of
from wsfcn_tf.data.masks.labelmap import read_labelmap
from wsfcn_tf.data.masks.png import decode_pixels
from wsfcn_tf.data.photos.images import read_bytes
from wsfcn_tf.errors import UserError
from wsfcn_tf.files.reading import nfc
from wsfcn_tf.files.tables import column, read_table

LABELMAP = "labelmap.txt"
_WANTED = "class,red,green,blue or class,colour"
_CHANNELS = ("red", "green", "blue")
_MODES = ("1", "L", "P", "RGB", "RGBA")  # 8 bits per channel or fewer


class Legend:
    """The colours of masks, from a table with the columns class,red,green,blue (0 to 255) or class,colour (#rrggbb).

    A row's class may also be "background" (black without such a row) or "ignore". A file labelmap.txt is CVAT's.

    Args:
        path: the table.
        class_names: of the foreground.

    Raises:
        UserError: the table is not as described, or gives a colour to two classes.
    """

    def __init__(self, path: Path, class_names: Sequence[str]) -> None:
        self._path = path
        colours: dict[int, int] = {}
        read = _read_labelmap if path.name == LABELMAP else _read_colours
        for where, name, colour in read(path):
            label = label_of(name, class_names, where)
            if colours.setdefault(colour, label) != label:
                raise UserError(f"{where}: colour #{colour:06x} is another class's, too: change one of them")
        if 0 not in colours.values():
            colours.setdefault(0, 0)
        self._colours, self._labels = np.array(sorted(colours.items())).T

    def read_mask(self, path: Path) -> np.ndarray:
        """Reads a mask by its colours; a palette is looked through, and an alpha channel is left out.

        Returns:
            uint8 [H,W]: 0 = background, 1..C, 255 = ignore.

        Raises:
            UserError: the file is missing or unreadable, not an 8-bit picture, or holds a colour without meaning.
        """
        image = decode_pixels(read_bytes(path), str(path))
        if image.mode not in _MODES:
            raise UserError(
                f"{path}: a colour mask has to be an RGB or palette PNG, but this one is {image.mode}: convert it"
            )
        codes = np.array(image.convert("RGB"), np.int64) @ [1 << 16, 1 << 8, 1]
        positions = np.minimum(np.searchsorted(self._colours, codes), len(self._colours) - 1)
        unknown = self._colours[positions] != codes
        if unknown.any():
            row, col = np.argwhere(unknown)[0]
            raise UserError(
                f"{path}: colour #{codes[row, col]:06x} (row {row}, column {col}) is not in {self._path}: "
                "add it, or draw without smooth edges"
            )
        return self._labels[positions].astype(np.uint8)


def _read_labelmap(path: Path) -> list[tuple[str, str, int]]:
    return [(where, name, _colour(fields, where)) for where, name, fields in read_labelmap(path)]


def _read_colours(path: Path) -> list[tuple[str, str, int]]:
    """Where each row is, its class, and its colour as red * 65536 + green * 256 + blue."""
    header, rows = read_table(path, "class")
    name = column(header, "class", path, _WANTED)
    names = ("colour",) if "colour" in header else _CHANNELS
    positions = [column(header, channel, path, _WANTED) for channel in names]
    colours = []
    for line, fields in rows:
        where = f"{path}: line {line}"
        if len(fields) != len(header):
            raise UserError(f"{where}: not as many fields as the header has: mend the row")
        colours.append((where, nfc(fields[name].strip()), _colour([fields[i].strip() for i in positions], where)))
    return colours


def _colour(fields: Sequence[str], where: str) -> int:
    try:
        if len(fields) == 1:
            (text,) = fields
            if not re.fullmatch("#[0-9a-fA-F]{6}", text):
                raise ValueError
            return int(text[1:], 16)
        red, green, blue = bytes(map(int, fields))  # ValueError unless 0 to 255
        return (red << 16) + (green << 8) + blue
    except ValueError:
        raise UserError(
            f"{where}: {','.join(fields)[:50]!r} is no colour: write 0 to 255 three times, or #rrggbb"
        ) from None
