"""What says which tags photos have: one of three files, the sub-folders they lie in, or VOC's annotations."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from xml.etree import ElementTree

from wsfcn_tf.data.photos.file_finder import walk_files
from wsfcn_tf.data.tags.tags import Entry, TagsByPhoto, check_tags, collect_tags
from wsfcn_tf.errors import Report, UserError, refuse
from wsfcn_tf.files.reading import nfc, parse_json, read_text
from wsfcn_tf.files.tables import column, read_table

_COLUMNS = "image,tags"
# of splits and of annotation tools; one of them beside classes may be a class, such as VOC's "train"
NO_CLASS_FOLDERS = (
    *("train", "training", "val", "valid", "validation", "test", "testing", "data", "dataset", "photos"),
    *("images", "image", "img", "imgs", "jpegimages", "labels", "annotations", "masks"),
    *("segmentationclass", "segmentationobject"),
)
_YES, _NO = ("1", "1.0", "x", "true", "yes"), ("", "0", "0.0", "false", "no")


def tag_file(root: Path) -> Path | None:
    """The file in `root` that holds the photos' tags; None if there is none. Raises UserError if there are several."""
    found = [name for name in READERS if (root / name).exists()]
    if len(found) > 1:
        raise UserError(f"{root}: has {' and '.join(found)}, and each would say what the tags are: keep one of them")
    return root / found[0] if found else None


def read_tag_file(
    path: Path, folder: Path, class_names: Sequence[str] | None = None, report: Report = refuse
) -> TagsByPhoto:
    """Reads tags.csv, tags.jsonl or onehot.csv; arguments, result and errors as of `read_tags_csv`."""
    return READERS[path.name](path, folder, class_names, report)


def read_tags_csv(
    path: Path, folder: Path, class_names: Sequence[str] | None = None, report: Report = refuse
) -> TagsByPhoto:
    """Reads which tags each photo has.

    Args:
        path: a CSV file with the columns `image` (a path relative to `folder`; the suffix may be left out) and `tags`
            (joined by `;`; none for a photo that shows nothing of the classes).
        folder: where the photos are.
        class_names: the tags that are allowed; None allows all.
        report: what to do with a row that is wrong; if it does not raise, the row is left out.

    Returns:
        The photos, as paths in `folder` with suffix, and their tags, in the file's order.

    Raises:
        UserError: the file is missing or lacks a column or any row; or a row names a photo that is not there or was
            there before, or a tag that is not allowed.
    """
    header, rows = read_table(path, "image")
    image, tags = (column(header, name, path, _COLUMNS) for name in _COLUMNS.split(","))

    def entries() -> Iterable[Entry]:
        for line, fields in rows:
            if len(fields) != len(header):
                report(f"{path}: line {line}: not as many fields as the header has: join tags by ';'")
                continue
            yield f"line {line}", fields[image].strip(), fields[tags].split(";")

    return collect_tags(entries(), path, folder, class_names, report)


def read_tags_jsonl(
    path: Path, folder: Path, class_names: Sequence[str] | None = None, report: Report = refuse
) -> TagsByPhoto:
    """Reads JSON lines: `{"image": "beach/1.jpg", "tags": ["dog", "boat"]}`; other keys are left alone.

    Arguments, result and errors as of `read_tags_csv`.
    """

    def entries() -> Iterable[Entry]:
        for number, line in enumerate(read_text(path).split("\n"), start=1):
            if line.strip():
                try:
                    yield f"line {number}", *_image_and_tags(line, f"{path}: line {number}")
                except UserError as error:
                    report(str(error))

    return collect_tags(entries(), path, folder, class_names, report)


def read_onehot_csv(
    path: Path, folder: Path, class_names: Sequence[str] | None = None, report: Report = refuse
) -> TagsByPhoto:
    """Reads a table with a column `image` and one for each class: 1 or x where the photo shows it, else 0 or nothing.

    Arguments, result and errors as of `read_tags_csv`.
    """
    header, rows = read_table(path, "image")
    image = column(header, "image", path, "image and the classes, one column each")
    classes = [(position, name) for position, name in enumerate(header) if position != image]

    def entries() -> Iterable[Entry]:
        for line, fields in rows:
            try:
                if len(fields) != len(header):
                    raise UserError(f"{path}: line {line}: not as many fields as the header has: mend the row")
                answers = [yes_or_no(fields[position]) for position, _ in classes]
                if None in answers:
                    position, name = classes[answers.index(None)]
                    found = f"column {name!r}: {fields[position][:50]!r}"
                    raise UserError(f"{path}: line {line}: {found} is neither yes (1, x) nor no (0, nothing): mend it")
                tags = [name for (_, name), answer in zip(classes, answers, strict=True) if answer]
            except UserError as error:
                report(str(error))
                continue
            yield f"line {line}", fields[image].strip(), tags

    return collect_tags(entries(), path, folder, class_names, report)


READERS: dict[str, Callable[..., TagsByPhoto]] = {
    "tags.csv": read_tags_csv,
    "tags.jsonl": read_tags_jsonl,
    "onehot.csv": read_onehot_csv,
}


def read_class_folders(
    root: Path, leave_out: Sequence[str], class_names: Sequence[str] | None = None, report: Report = refuse
) -> TagsByPhoto:
    """Tags from folders: a photo below ROOT/CLASS shows that class, one below ROOT/background none of them.

    Args:
        root: the folder of these folders.
        leave_out: sub-folders that are no class.
        class_names: the folders that are allowed; None allows all.
        report: what to do with a photo that is wrong; if it does not raise, the photo is left out.

    Returns:
        The photos, as paths in `root`, and their one tag or none, sorted; nothing if no sub-folder holds a photo.

    Raises:
        UserError: a folder is not a class's; photos lie both in folders and beside them; or, with `class_names` None,
            all folders are named like splits or like those of annotation tools.
    """
    photos = list(walk_files(root, leave_out))
    in_folders = [photo for photo in photos if "/" in photo]
    if not in_folders:
        return {}
    if len(in_folders) < len(photos):
        beside = next(photo for photo in photos if "/" not in photo)
        report(
            f"{root / beside}: lies in no class's folder: move it into one (background/ if it shows none), "
            "or write a tags.csv"
        )

    folders = {photo.partition("/")[0] for photo in in_folders}
    if class_names is None and all(folder.lower() in NO_CLASS_FOLDERS for folder in folders):
        report(
            f"{root}: its folders are {', '.join(sorted(folders))}, which are no classes' names: write a tags.csv, or "
            "put a folder for each class here and list what is not for training in val.txt and test.txt; if they are "
            "classes, name them in classes.txt"
        )

    def entries() -> Iterable[Entry]:
        for photo in in_folders:
            folder = photo.partition("/")[0]
            yield f"{folder}/", photo, [] if folder == "background" else [folder]

    return collect_tags(entries(), root, root, class_names, report, find=lambda photo: photo)


def yes_or_no(field: str) -> bool | None:
    """Yes, no, or None: neither."""
    value = field.strip().lower()
    if value in _YES:
        return True
    return False if value in _NO else None


def _image_and_tags(line: str, where: str) -> tuple[str, list[str]]:
    entry = parse_json(line, where)
    image, tags = (entry.get("image"), entry.get("tags")) if isinstance(entry, dict) else (None, None)
    if not (isinstance(image, str) and isinstance(tags, list) and all(isinstance(tag, str) for tag in tags)):
        raise UserError(f'{where}: has to be {{"image": "NAME", "tags": ["TAG", ...]}}')
    return image, tags


def read_annotation(path: Path, class_names: Sequence[str]) -> set[str]:
    """The classes of the objects in one of VOC's annotations, Annotations/NAME.xml; those marked difficult count, too.

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
