"""The folder that `prepare-data` makes: in VOC's layout, usable without the originals, and resumable.

JPEGImages/  SegmentationClass/  ImageSets/Segmentation/  classes.txt  tags.csv     what `VocFolder` reads
prepared.json       what it was made from, and how many images each list has (null while unfinished)
cannot_be_used.txt  images that were left out, and why, if there are any
"""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

from wsfcn_tf.data.masks.png import read_mask, write_mask
from wsfcn_tf.data.prepare.plan import Example, Plan, read_labels
from wsfcn_tf.data.prepare.processes import in_processes
from wsfcn_tf.errors import UserError
from wsfcn_tf.files import replacing, write_json, write_lines

_RECORD = "prepared.json"
_LISTING = "cannot_be_used.txt"


class _Done(NamedTuple):
    """An image's tags, None if it has none to learn from; or why it cannot be used."""

    name: str
    tags: tuple[str, ...] | None = None
    problem: str | None = None


class PreparedFolder:
    """The folder and what it is made from.

    Args:
        root: its path; need not exist.
        made_from: the dataset's name, its originals' paths, and settings that change what is written.
        inputs: the originals' paths, in which nothing is written.
    """

    def __init__(self, root: Path, made_from: Mapping[str, str | list[str] | None], inputs: Sequence[Path]) -> None:
        self.root = root
        self._made_from = dict(made_from)
        self._inputs = inputs

    @property
    def unpacked(self) -> Path:
        """Where archives are unpacked to, until all is done."""
        return self.root / ".unpacked"

    @property
    def left_out(self) -> Path | None:
        """The list of images that were left out; None if none was."""
        listing = self.root / _LISTING
        return listing if listing.is_file() else None

    def check(self) -> None:
        """Checks that the folder is free or was begun from the same originals; writes nothing.

        Raises:
            UserError: it holds something else, was made from something else, or lies within the originals.
        """
        for path in self._inputs:
            if self.root.resolve().is_relative_to(path.resolve()):
                raise UserError(f"{self.root}: lies in {path}, which must not change: choose another --output")
        record = self.root / _RECORD
        if record.is_file():
            earlier = json.loads(record.read_text(encoding="utf-8"))["made_from"]
            for key, value in self._made_from.items():
                if earlier.get(key) != value:
                    raise UserError(
                        f"{self.root}: was prepared with another {key} ({_words(earlier.get(key))}, "
                        f"not {_words(value)}): choose another --output"
                    )
        elif self.root.exists() and {path.name for path in self.root.iterdir()} - {self.unpacked.name, _LISTING}:
            raise UserError(f"{self.root}: is not empty and was not made by prepare-data: choose another --output")

    def write(
        self, plan: Plan, *, allow_missing: bool = False, copy: bool = False, workers: int | None = None
    ) -> dict[str, int]:
        """Writes what is not there yet of a plan.

        Args:
            plan: what to write.
            allow_missing: leave images out whose files are missing or broken, and accept lists of unexpected length.
            copy: copy photos; otherwise they are hard links where the file system allows it.
            workers: number of processes; None is one per core.

        Returns:
            The number of images in each list.

        Raises:
            UserError: an image cannot be used or a list has an unexpected length, and that is not allowed.
        """
        listing = self.root / _LISTING
        check_problems(plan.missing, listing, allow_missing)
        if not allow_missing:
            _check_counts(plan)
        self._begin()
        work = partial(_write_example, root=self.root, copy=copy, num_classes=len(plan.class_names))
        done = {result.name: result for result in in_processes(work, list(plan.examples.values()), "prepare", workers)}
        broken = {name: result.problem for name, result in done.items() if result.problem}
        check_problems({**plan.missing, **broken}, listing, allow_missing)

        splits = {
            split: [name for name in names if name in done and not done[name].problem]
            for split, names in plan.splits.items()
        }
        for split, names in splits.items():
            write_lines(self.root / "ImageSets" / "Segmentation" / f"{split}.txt", names)
        tagged = sorted(name for name, result in done.items() if result.tags is not None)
        rows = (f"{name}{plan.examples[name].photo.suffix},{';'.join(done[name].tags)}" for name in tagged)
        write_lines(self.root / "tags.csv", ["image,tags", *rows])
        write_lines(self.root / "classes.txt", plan.class_names)
        counts = {split: len(names) for split, names in splits.items()}
        write_json(self.root / _RECORD, {"made_from": self._made_from, "images": counts})
        shutil.rmtree(self.unpacked, ignore_errors=True)
        return counts

    def _begin(self) -> None:
        for partial_file in self.root.glob("*/.partial-*"):  # of a run that was killed
            partial_file.unlink()
        if not (self.root / _RECORD).is_file():
            write_json(self.root / _RECORD, {"made_from": self._made_from, "images": None})


@contextmanager
def disk_errors(root: Path) -> Iterator[None]:
    """Around all that reads the originals and writes to `root`: a full disk and its like become a UserError."""
    try:
        yield
    except OSError as error:
        raise UserError(
            f"{error.filename or root}: {error.strerror or error}: mend that and run the same command again, "
            "which goes on where it was"
        ) from error


def link_or_copy(source: Path, target: Path, copy: bool) -> None:
    """Makes `target`, all or nothing: a hard link to `source`, or a copy if asked for or if links are not possible."""
    with replacing(target) as temporary:
        if not copy:
            with suppress(OSError):  # another disk, a file system without links, or a file that is someone else's
                temporary.hardlink_to(source.resolve())
                return
        shutil.copyfile(source, temporary)


def _write_example(example: Example, root: Path, copy: bool, num_classes: int) -> _Done:
    """Writes the photo and the mask of one image, if they are not there yet."""
    photo = root / "JPEGImages" / f"{example.name}{example.photo.suffix}"
    mask = root / "SegmentationClass" / f"{example.name}.png"
    try:
        is_done = photo.is_file() and mask.is_file()  # the photo is written last: both are whole, and of one size
        labels = read_mask(mask, num_classes) if is_done else read_labels(example)
        tags = None if labels is None else example.tags(labels)
    except UserError as error:
        return _Done(example.name, problem=str(error))
    if labels is not None and not mask.is_file():
        write_mask(mask, labels)
    if not photo.is_file():
        link_or_copy(example.photo, photo, copy)
    return _Done(example.name, tags)


def _check_counts(plan: Plan) -> None:
    for split, expected in plan.expected.items():
        found = len(plan.splits[split])
        if found != expected:
            raise UserError(
                f"the list {split} has {found:,} images, not {expected:,}: are these the original files? "
                "To take them as they are, add --allow-missing"
            )


def _words(value: str | list[str] | None) -> str:
    return " ".join(value) if isinstance(value, list) else str(value)


_SHOWN = 3


def check_problems(problems: Mapping[str, str], listing: Path, allow: bool) -> None:
    """Writes what is wrong with which image, and raises UserError unless that is allowed.

    Args:
        problems: for each image, a few words that name the file.
        listing: the text file to write; removed if there is no problem.
        allow: whether to go on without these images.
    """
    if not problems:
        listing.unlink(missing_ok=True)
        return
    write_lines(listing, (f"{name}\t{problem}" for name, problem in problems.items()))
    if allow:
        return
    shown = "; ".join(list(problems.values())[:_SHOWN])
    more = f"; and {len(problems) - _SHOWN:,} more" if len(problems) > _SHOWN else ""
    count = f"{len(problems):,} image{'s' if len(problems) > 1 else ''} cannot be used"
    raise UserError(f"{count}: {shown}{more} (all in {listing}): mend them, or leave them out with --allow-missing")
