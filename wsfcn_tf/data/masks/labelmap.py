"""CVAT's labelmap.txt: a line `name:red,green,blue:parts:actions` for each label of its colour masks."""

from pathlib import Path

from wsfcn_tf.errors import UserError
from wsfcn_tf.files.reading import nfc, read_text


def read_labelmap(path: Path) -> list[tuple[str, str, list[str]]]:
    """Where each line is, its label's name, and the three numbers of its colour, as they are written.

    Parts and actions are left out, and so are comments (`#`).

    Raises:
        UserError: the file cannot be read, or a line is not as described.
    """
    rows = []
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        where = f"{path}: line {number}"
        name, _, rest = line.partition(":")
        colour = [field.strip() for field in rest.partition(":")[0].split(",")]
        if not name.strip() or len(colour) != 3:
            raise UserError(f"{where}: {line.strip()[:50]!r} is not CVAT's: write name:red,green,blue::")
        rows.append((where, nfc(name.strip()), colour))
    return rows
