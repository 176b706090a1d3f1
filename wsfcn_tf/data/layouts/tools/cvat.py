"""CVAT's XML for images: its objects' and tags' labels."""

from xml.etree.ElementTree import Element

from wsfcn_tf.data.layouts.annotations import none_fits, read_xml, xml_files
from wsfcn_tf.data.layouts.folder import SourceFolder, above
from wsfcn_tf.data.layouts.gathering import Choices, Gathering
from wsfcn_tf.data.layouts.outlines import outlines
from wsfcn_tf.data.layouts.splits import split_named, split_of_folders
from wsfcn_tf.errors import UserError, refuse, some

_ROOT = "annotations"
_AREAS = ("polygon", "mask", "ellipse")


def recognise(folder: SourceFolder) -> str | None:
    """An XML file whose outermost element is `annotations`."""
    files = xml_files(folder, _ROOT)
    return f"CVAT's XML ({some(files, 3)})" if files else None


def read(folder: SourceFolder, choices: Choices, gathering: Gathering) -> None:
    """A photo shows the labels of its objects and tags; one that is listed without any shows none."""
    with gathering.mistakes():
        files = xml_files(folder, _ROOT, refuse)
        if not files:
            raise none_fits(folder, (".xml",), "XML file with <annotations>")
        roots = {name: read_xml(folder, name) for name in files}
        for name, root in roots.items():
            labels = [label.findtext("name") or "" for label in root.iterfind("./meta//labels/label")]
            gathering.order(labels, f"{folder.path(name)}: labels")
        for name, root in roots.items():
            images = root.findall("image")
            if not images:
                raise UserError(f"{folder.path(name)}: has no <image>: export it from CVAT as 'CVAT for images 1.1'")
            without = 0
            for number, image in enumerate(images):
                with gathering.mistakes():
                    without += not _add(folder, name, number, image, gathering)
            if without:
                gathering.notes.append(f"photos without a label, taken to show none of the classes: {without:,}")


def objects_of(image: Element) -> list[Element]:
    """What an `<image>` has: shapes and tags."""
    return [element for element in image if element.tag != "attribute"]


def _add(folder: SourceFolder, file: str, number: int, image: Element, gathering: Gathering) -> bool:
    """Adds one photo; returns whether it has a label."""
    name, subset = image.get("name") or "", image.get("subset") or ""
    where = f"{folder.path(file)}: image {name[:100]!r}"
    try:
        photo = folder.photo(name, f"{above(file)}images/{subset}/" if subset else above(file), split_named(subset))
    except UserError as error:
        raise UserError(f"{where}: {error}") from None
    shapes = [(element.tag, element.get("label") or "") for element in objects_of(image)]
    gathering.add(where, split_named(subset) or split_of_folders(photo), photo, [label for _, label in shapes])
    gathering.add_outlines(photo, outlines(file, number, shapes, _AREAS))
    return bool(shapes)
