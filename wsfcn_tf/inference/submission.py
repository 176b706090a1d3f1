"""Masks as the archive that PASCAL VOC's test server takes, checked against its rules before it sees them.

The server wants results/VOC2012/Segmentation/COMPETITION_SPLIT_cls/NAME.png for every photo of the split: index PNGs
of the photo's size, with VOC's palette and labels 0 to 20. Competition comp5 is for training on VOC's own data alone,
comp6 for any other, pre-training on ImageNet included (VOC 2012 development kit, section 9).
"""

import gzip
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from wsfcn_tf.data.datasets.voc import VocFolder
from wsfcn_tf.data.masks.png import decode_pixels, voc_palette
from wsfcn_tf.data.tags.class_names import VOC
from wsfcn_tf.errors import UserError
from wsfcn_tf.files import replacing

COMPETITIONS = ("comp5", "comp6")


def make_submission(masks: str | Path, data: VocFolder, split: str, competition: str, output: str | Path) -> int:
    """Writes the archive, complete or not at all; the same masks always give the same bytes.

    Args:
        masks: folder of NAME.png; what else is in it is left out.
        data: the VOC 2012 folder that the masks belong to.
        split: the split, test for the server.
        competition: one of `COMPETITIONS`.
        output: the file, NAME.tar.gz or NAME.tgz.

    Returns:
        The number of masks.

    Raises:
        UserError: another kind of file name, a folder of other classes, or masks that the server would refuse; the
            message names the first of them, says what is wrong with it, and how many there are.
    """
    output = Path(output)
    if not output.name.endswith((".tar.gz", ".tgz")):
        raise UserError(f"{output}: the server takes a .tar.gz or .tgz file: choose such an --output")
    if data.class_names != VOC:
        raise UserError(f"{data.root}: its classes are not VOC's twenty, which the server scores")
    names = data.names(split)
    wrong = [problem for name in names if (problem := _problem(Path(masks) / f"{name}.png", data.path(name)))]
    if wrong:
        raise UserError(f"{wrong[0]} ({len(wrong)} of {len(names)} masks cannot be submitted)")
    folder = f"results/VOC2012/Segmentation/{competition}_{split}_cls"
    with (
        replacing(output) as temporary,
        temporary.open("wb") as file,
        gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for member, content in _members(folder, names, Path(masks)):
            archive.addfile(member, content)
    return len(names)


def _members(folder: str, names: list[str], masks: Path) -> Iterator[tuple[tarfile.TarInfo, io.BytesIO]]:
    for name in sorted(names):
        content = (masks / f"{name}.png").read_bytes()
        member = tarfile.TarInfo(f"{folder}/{name}.png")
        member.size = len(content)
        yield member, io.BytesIO(content)


def _problem(mask: Path, photo: Path) -> str | None:
    """What the server would not like about a mask, in a line that names it."""
    if not mask.is_file():
        return f"{mask}: there is no such mask: predict the whole split"
    content = mask.read_bytes()
    if not content.startswith(b"\x89PNG"):
        return f"{mask}: is not a PNG file"
    image = decode_pixels(content, str(mask))
    with Image.open(photo) as opened:
        size = opened.size
    if image.size != size:
        return f"{mask}: is {_sides(image.size)} pixels, but its photo {_sides(size)}"
    if image.mode != "P":
        return f"{mask}: is not a palette PNG but {image.mode}: write it as predict does"
    labels = np.asarray(image)
    if labels.max() > len(VOC):
        return f"{mask}: holds label {labels.max()}, but VOC's end at {len(VOC)}"
    palette = image.getpalette()[: 3 * (1 + len(VOC))]
    if palette != voc_palette()[: 1 + len(VOC)].ravel().tolist()[: len(palette)]:
        return f"{mask}: its palette is not VOC's: write it as predict does"
    return None


def _sides(size: tuple[int, int]) -> str:
    return "x".join(map(str, size))
