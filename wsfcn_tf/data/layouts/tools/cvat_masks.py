"""CVAT's "segmentation mask 1.1": labelmap.txt says which colour is which class, SegmentationClass/ has the masks."""

from typing import Any

import numpy as np

from wsfcn_tf.data.layouts.folder import SourceFolder, above, stem
from wsfcn_tf.data.layouts.gathering import Choices, Gathering
from wsfcn_tf.data.layouts.outlines import Outlines
from wsfcn_tf.data.layouts.splits import split_named, split_of_folders
from wsfcn_tf.data.masks.legend import LABELMAP
from wsfcn_tf.data.photos.images import read_image
from wsfcn_tf.errors import UserError
from wsfcn_tf.files.reading import nfc, read_lines

_LABEL_MAP, _MASKS, _LISTS = LABELMAP, "SegmentationClass/", "ImageSets/Segmentation/"


def recognise(folder: SourceFolder) -> str | None:
    """labelmap.txt beside SegmentationClass/."""
    there = folder.path(_LABEL_MAP).is_file() and folder.path(_MASKS).is_dir()
    return f"CVAT's {_LABEL_MAP} beside {_MASKS}" if there else None


def read(folder: SourceFolder, choices: Choices, gathering: Gathering) -> None:
    """A photo shows the classes whose colours are in its mask; one without a mask is left out."""
    with gathering.mistakes():
        colours = _read_label_map(folder, gathering)
        splits = _lists(folder)
        masks = [name for name in folder.ending(".png") if name.startswith(_MASKS)]
        if not masks:
            raise UserError(f"{folder.root}: there is no mask in {_MASKS}: add them")
        for name in masks:
            with gathering.mistakes():
                where = str(folder.path(name))
                own_name = stem(name.removeprefix(_MASKS))
                try:
                    photo = folder.photo(own_name, "JPEGImages/")
                    if photo == name:
                        raise UserError(f"there is no photo {own_name!r}: export with 'save images'")
                except UserError as error:
                    raise UserError(f"{where}: {error}") from None
                split = splits.get(nfc(own_name)) or split_of_folders(photo)
                gathering.add(where, split, photo, _shown(folder, name, colours))
                gathering.add_outlines(photo, Outlines(name, drawn=True))


def _read_label_map(folder: SourceFolder, gathering: Gathering) -> dict[int, str]:
    """From colours, as one number, to classes."""
    path, colours = folder.path(_LABEL_MAP), {}
    for number, line in enumerate(read_lines(path), start=1):
        if line.startswith("#"):
            continue
        where, fields = f"{path}: line {number}", line.split(":")
        try:
            red, green, blue = map(int, fields[1].split(","))
            if len(fields) < 2 or not all(0 <= value <= 255 for value in (red, green, blue)):
                raise ValueError
        except (ValueError, IndexError):
            raise UserError(f"{where}: has to be a class and its colour, such as cat:128,0,0::") from None
        colour = _as_number(red, green, blue)
        if colour in colours:
            raise UserError(f"{where}: has the colour of {colours[colour]!r}, too: give each class its own")
        colours[colour] = fields[0]
        gathering.order([fields[0]], where)
    return colours


def _shown(folder: SourceFolder, mask: str, colours: dict[int, str]) -> list[str]:
    red, green, blue = np.moveaxis(read_image(folder.path(mask)).astype(np.int32), -1, 0)
    there = np.unique(_as_number(red, green, blue)).tolist()
    unknown = next((colour for colour in there if colour not in colours and colour), None)  # 0, black: background
    if unknown is not None:
        raise UserError(f"{folder.path(mask)}: colour #{unknown:06x} is not in {_LABEL_MAP}: add it")
    return [colours[colour] for colour in there if colour in colours]


def _as_number(red: Any, green: Any, blue: Any) -> Any:
    """A colour as one number, or an array of them."""
    return (red << 16) | (green << 8) | blue


def _lists(folder: SourceFolder) -> dict[str, str]:
    """From the photos' names, without suffix, to the splits that lists are called like; CVAT's own is "default"."""
    splits: dict[str, str] = {}
    for name in folder.ending(".txt"):
        split = split_named(stem(name.rpartition("/")[2]))
        if above(name) != _LISTS or split is None:
            continue
        for line in map(nfc, read_lines(folder.path(name))):
            if splits.setdefault(line, split) != split:
                raise UserError(f"{folder.path(name)}: {line!r} is in {splits[line]}'s list, too: keep one")
    return splits
