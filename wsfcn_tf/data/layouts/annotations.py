"""Annotation files: those of a kind, told by their content, and the photo that a file of one photo belongs to."""

from collections.abc import Callable, Sequence
from typing import Any
from xml.etree import ElementTree

from wsfcn_tf.data.layouts.folder import SourceFolder, above, stem
from wsfcn_tf.errors import Report, UserError, some

_FIRST = 3  # looked into, of each folder's files that are named like photos, or of more than:
_MOST = 30


def json_files(folder: SourceFolder, is_one: Callable[[Any], bool], report: Report | None = None) -> list[str]:
    """The JSON files with such a value. One that is not JSON is reported, or passed over without `report`."""
    return _those(folder, ".json", lambda name: is_one(folder.json(name)), report)


def xml_files(folder: SourceFolder, root: str, report: Report | None = None) -> list[str]:
    """The XML files whose outermost element is called so. One that is not XML is reported or passed over likewise."""
    return _those(folder, ".xml", lambda name: _outermost(folder, name) == root, report)


def check_candidates(folder: SourceFolder) -> None:
    """Raises UserError if a JSON or XML file that might be an annotation cannot be read."""
    for name in candidates(folder, ".json"):
        folder.json(name)
    for name in candidates(folder, ".xml"):
        _outermost(folder, name)


def candidates(folder: SourceFolder, suffix: str) -> list[str]:
    """The files that tell what all are: the first of those that are many or named like photos, and all others."""
    photos = {stem(photo) for photo in folder.photos}
    by_folder: dict[tuple[str, bool], list[str]] = {}
    for name in folder.ending(suffix):
        by_folder.setdefault((above(name), stem(name) in photos), []).append(name)
    found = []
    for (_, of_photos), names in by_folder.items():
        found += names[:_FIRST] if of_photos or len(names) > _MOST else names
        found += [name for name in names[_FIRST:] if len(names) > _MOST and "annotations" in name.rpartition("/")[2]]
    return list(dict.fromkeys(found))


def read_xml(folder: SourceFolder, name: str) -> ElementTree.Element:
    """An XML file's outermost element. Raises UserError if it is not XML."""
    try:
        return ElementTree.parse(folder.path(name)).getroot()
    except (ElementTree.ParseError, LookupError, ValueError, OSError) as error:  # the second and third: encodings
        raise UserError(f"{folder.path(name)}: is not valid XML: {error}") from None


def photo_of(folder: SourceFolder, annotation: str, named: str | None) -> str:
    """The photo of an annotation file: the one it names or, if that is not there, the one it is named like.

    Raises:
        UserError: neither is there, or both are and a photo of the file's own name lies beside it.
    """
    where, near = str(folder.path(annotation)), above(annotation)
    own_name = stem(annotation.rpartition("/")[2])
    try:
        by_content, beside = folder.find(named, near) if named else None, folder.beside(annotation)
        if by_content and beside and by_content not in beside:
            raise UserError(f"lies beside {beside[0]}, but names {by_content}: remove the wrong one")
        return by_content or folder.photo(own_name, near)
    except UserError as error:
        raise UserError(f"{where}: {error}") from None


def none_fits(folder: SourceFolder, suffixes: Sequence[str], wanted: str) -> UserError:
    """The error that a folder has no such file, which names the files that could have been it."""
    files = folder.ending(*suffixes)
    if len(files) == 1:
        return UserError(f"{folder.path(files[0])}: is no {wanted}: mend it, or add one")
    among = f" among {some(files, 3)}" if files else ""
    return UserError(f"{folder.root}: there is no {wanted}{among}: add it")


def _those(folder: SourceFolder, suffix: str, is_one: Callable[[str], bool], report: Report | None) -> list[str]:
    found = []
    for name in candidates(folder, suffix):
        try:
            if is_one(name):
                found.append(name)
        except UserError as error:
            if report is not None:
                report(str(error))
    return found


def _outermost(folder: SourceFolder, name: str) -> str:
    """The name of an XML file's outermost element, without reading on."""
    try:
        for _, element in ElementTree.iterparse(folder.path(name), events=("start",)):
            return element.tag
    except (ElementTree.ParseError, LookupError, ValueError, OSError) as error:
        raise UserError(f"{folder.path(name)}: is not valid XML: {error}") from None
    raise UserError(f"{folder.path(name)}: is not valid XML: it is empty")
