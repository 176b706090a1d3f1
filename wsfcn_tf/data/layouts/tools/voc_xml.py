"""PASCAL VOC's XML for each photo, beside it or in a folder of its own: VOC itself, LabelImg, Roboflow, CVAT."""

from collections.abc import Mapping

from wsfcn_tf.data.layouts.annotations import photo_of, read_xml, xml_files
from wsfcn_tf.data.layouts.folder import SourceFolder, stem
from wsfcn_tf.data.layouts.gathering import Choices, Gathering
from wsfcn_tf.data.layouts.splits import SPLITS, split_of_folders
from wsfcn_tf.errors import UserError
from wsfcn_tf.files.reading import nfc, read_lines

_LISTS = "ImageSets/Main"


def recognise(folder: SourceFolder) -> str | None:
    """An XML file of VOC's for a photo."""
    files = xml_files(folder, "annotation")
    return f"VOC's XML ({files[0]!r})" if files else None


def read(folder: SourceFolder, choices: Choices, gathering: Gathering) -> None:
    """A photo shows the classes of its objects, also of those marked difficult; one without XML is left out."""
    splits = _lists(folder)
    others = set(xml_files(folder, "annotations"))
    for name in folder.ending(".xml"):
        if name in others:
            gathering.notes.append(f"{name} is not VOC's: left out")
            continue
        with gathering.mistakes():
            where, root = str(folder.path(name)), read_xml(folder, name)
            if root.tag != "annotation":
                raise UserError(f"{where}: is not VOC's: its outermost element is {root.tag[:50]!r}, not 'annotation'")
            photo = photo_of(folder, name, (root.findtext("filename") or "").strip())
            tags = [element.findtext("name") or "" for element in root.iterfind("object")]
            if splits is None:
                split = split_of_folders(photo)
            elif (split := splits.get(nfc(stem(photo.rpartition("/")[2])))) is None:
                continue
            gathering.add(where, split, photo, tags)
    if not folder.ending(".xml"):
        raise UserError(f"{folder.root}: there is no XML file: add the annotations")
    if splits is not None:
        gathering.notes.append(f"splits are those of {_LISTS}/")


def _lists(folder: SourceFolder) -> Mapping[str, str] | None:
    """From the photos' names, without suffix, to their split in ImageSets/Main; None if there are no such lists."""
    files = {split: f"{_LISTS}/{split}.txt" for split in SPLITS if f"{_LISTS}/{split}.txt" in folder.files}
    if not files:
        return None
    splits: dict[str, str] = {}
    for split, name in files.items():
        for line in read_lines(folder.path(name)):
            other = splits.setdefault(nfc(line.split()[0]), split)
            if other != split:
                raise UserError(f"{folder.path(name)}: lists {line!r}, which is in {other}.txt, too: keep one")
    return splits
