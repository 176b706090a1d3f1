"""Which photos are predicted, and where their masks go: photos and folders that are named, or a split of a dataset."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np

from wsfcn_tf.data.datasets.dataset import Dataset
from wsfcn_tf.data.datasets.tagged import without_masks
from wsfcn_tf.data.photos.file_finder import stem_of
from wsfcn_tf.data.photos.images import IMAGE_SUFFIXES, decode_image, read_image
from wsfcn_tf.errors import UserError
from wsfcn_tf.files.remote import Remote, is_url


class Job(NamedTuple):
    """A photo to predict.

    Attributes:
        mask: the file its mask is written to.
        name: what messages call the photo.
        image: reads it: uint8 RGB [H, W, 3].
        tags: reads its tags, float32 [C]; None where they are not wanted.
        file: the photo's, if it is one.
    """

    mask: Path
    name: str
    image: Callable[[], np.ndarray]
    tags: Callable[[], np.ndarray] | None = None
    file: Path | None = None


def overlay_of(mask: Path) -> Path:
    """The overlay's file beside a mask's."""
    return mask.with_name(f"{mask.stem}_overlay.jpg")


def named_photos(paths: Sequence[str | Path], output_dir: str | Path) -> list[Job]:
    """Photos, and what folders hold.

    Args:
        paths: photos and folders, and URLs of them; folders are searched recursively, and their sub-folders kept under
            `output_dir`. A photo's masks in the folder's `masks/` are left out.
        output_dir: where NAME.png and NAME_overlay.jpg will be written. When it lies inside a searched folder, it is
            left out.

    Raises:
        UserError: a path that is not there, no photo at all, or a file that would be written twice or over a photo.
    """
    output_dir = Path(output_dir)
    found = (
        pair
        for path in paths
        for pair in (_stored_photos(str(path)) if is_url(path) else _photos(Path(path), output_dir))
    )
    masks = {photo: output_dir / name.with_suffix(".png") for photo, name in found}
    if not masks:
        raise UserError(f"no photo in {', '.join(map(str, paths))}: looked for {', '.join(sorted(IMAGE_SUFFIXES))}")
    real = _RealPaths()
    photos = {real.of(photo) for photo in masks if isinstance(photo, Path)}
    jobs: dict[Path, Job] = {}
    for photo, mask in masks.items():
        if mask in jobs:
            raise UserError(f"{jobs[mask].name} and {photo} would both be written to {mask}: rename one of them")
        jobs[mask] = photo_job(photo, mask)
        for written in (mask, overlay_of(mask)):
            if real.of(written) in photos:
                raise UserError(f"{written} is a photo that predicting {photo} would overwrite: choose another output")
    return list(jobs.values())


def photos_of_split(dataset: Dataset, split: str, output_dir: str | Path, *, with_tags: bool = False) -> list[Job]:
    """Every photo of a dataset's split; masks are named after the photos.

    Args:
        dataset: photos and tags; masks are not read.
        split: which of its splits.
        output_dir: where to write.
        with_tags: whether tags are wanted.

    Raises:
        UserError: no such split, or two photos whose masks would have one name.
    """
    jobs: dict[Path, Job] = {}
    for name in dict.fromkeys(dataset.names(split)):
        mask = Path(output_dir) / f"{stem_of(name)}.png"
        if mask in jobs:
            raise UserError(f"{jobs[mask].name} and {name} would both be written to {mask}: rename one of them")
        jobs[mask] = split_job(dataset, name, mask, with_tags=with_tags)
    return list(jobs.values())


def photo_job(photo: str | Path, mask: Path) -> Job:
    """A photo that is a file, here or, by its URL, in a store."""
    if is_url(photo):
        return Job(mask, str(photo), partial(_stored_image, str(photo)))
    return Job(mask, str(photo), partial(read_image, Path(photo)), file=Path(photo))


def split_job(dataset: Dataset, name: str, mask: Path, *, with_tags: bool) -> Job:
    """A photo of a dataset, with its tags if they are wanted."""
    tags = partial(dataset.tags, name) if with_tags else None
    return Job(mask, name, partial(dataset.image, name), tags, _file(dataset, name))


def _file(dataset: Dataset, name: str) -> Path | None:
    """A photo's file; None if it is not there, or the dataset has none: tfds and scenes."""
    path_of: Callable[[str], Path] | None = getattr(dataset, "path", None)
    try:
        return None if path_of is None else path_of(name)
    except UserError:  # which reading it raises, too
        return None


def _stored_image(url: str) -> np.ndarray:
    return decode_image(Remote(url).read(), url)


def _stored_photos(url: str) -> Iterator[tuple[str, PurePosixPath]]:
    """The photos at a URL, each with the name it has below it."""
    remote = Remote(url)
    if remote.is_file():
        yield remote.url, PurePosixPath(PurePosixPath(remote.url).name)
        return
    names = [name for name in remote.names() if PurePosixPath(name).suffix.lower() in IMAGE_SUFFIXES]
    for name in without_masks(names):
        yield f"{remote.url}/{name}", PurePosixPath(name)


def _photos(path: Path, output_dir: Path) -> Iterator[tuple[Path, Path]]:
    """The photos at `path`, each with the name it has below `path`."""
    output_dir, real = output_dir.resolve(), _RealPaths()
    if path.is_file():
        yield path, Path(path.name)
    elif not path.is_dir():
        raise UserError(f"{path}: no such photo or folder")
    elif path.resolve() == output_dir:
        raise UserError(f"{path} is searched for photos and is also the output: choose another output folder")
    else:
        found = [file for file in sorted(path.rglob("*")) if file.suffix.lower() in IMAGE_SUFFIXES and file.is_file()]
        for name in map(Path, without_masks([file.relative_to(path).as_posix() for file in found])):
            if not real.of(path / name).is_relative_to(output_dir):
                yield path / name, name


class _RealPaths:
    """Where files are behind links. Their folders are looked up once, which is most of listing a million files."""

    def __init__(self) -> None:
        self._folders: dict[Path, Path] = {}

    def of(self, file: Path) -> Path:
        """A file's place; it need not be there yet."""
        folder = file.parent
        if folder not in self._folders:
            self._folders[folder] = folder.resolve()
        path = self._folders[folder] / file.name
        return path.resolve() if path.is_symlink() else path
