"""PASCAL VOC's detection annotations: Annotations/NAME.xml."""

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from wsfcn_tf.data.tags.tags import check_tags
from wsfcn_tf.errors import UserError
from wsfcn_tf.files.reading import nfc


def read_annotation(path: Path, class_names: Sequence[str]) -> set[str]:
    """The classes of the objects in an annotation, those marked difficult included.

    Raises:
        UserError: the file is not XML, or names a class that is not in `class_names`.
    """
    try:
        root = ElementTree.parse(path)
    except (ElementTree.ParseError, LookupError, ValueError) as error:  # the last two: encodings
        raise UserError(f"{path}: is not valid XML: {error}") from None
    tags = {nfc((element.text or "").strip()) for element in root.iterfind("object/name")}
    check_tags(tags, class_names, str(path))
    return tags
