"""Runs and masks in stores: what is written is a folder of this machine, copied there."""

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import numpy as np

from wsfcn_tf.errors import UserError, first_line
from wsfcn_tf.files import is_partial
from wsfcn_tf.files.remote import Remote, is_url
from wsfcn_tf.inference.outputs import RECORD, Output, probabilities_of
from wsfcn_tf.inference.photos import Job, overlay_of
from wsfcn_tf.inference.prediction import Prediction
from wsfcn_tf.runs.folder import WEIGHTS, RunFolder
from wsfcn_tf.runs.lock import LOCK
from wsfcn_tf.runs.manifest import MANIFEST

_SECONDS = 10.0  # between looks at what a training has written
_PAUSES = (1, 10, 60)  # seconds between the last tries
_CHECKPOINTS = "checkpoints/"
_TRAINED = ("config.yaml", "classes.txt", WEIGHTS)


class StoredMasks:
    """Another `Output`'s files, copied to a store as they come and deleted here.

    Args:
        output: the other, which writes masks and overlays, and probabilities perhaps.
        folder: of this machine, below which masks are written.
        remote: where they belong; the record of how they are made is copied there at once.
        probabilities: whether there are any.
    """

    def __init__(self, output: Output, folder: Path, remote: Remote, probabilities: bool) -> None:
        self._output, self._folder, self._remote, self._probabilities = output, folder, remote, probabilities
        self._there = frozenset(remote.names())
        remote.write(RECORD, folder / RECORD)

    def is_done(self, job: Job) -> bool:
        """See `Output`."""
        return {self._name(path) for path in self._files(job)} <= self._there

    def write(self, job: Job, image: np.ndarray, prediction: Prediction) -> None:
        """See `Output`."""
        self._output.write(job, image, prediction)
        for path in self._files(job):
            self._remote.write(self._name(path), path)
            path.unlink()
        with suppress(OSError):  # not empty; on another machine, nobody else would delete them
            for folder in (*job.mask.relative_to(self._folder.parent).parents,)[:-1]:
                (self._folder.parent / folder).rmdir()

    def finish(self, jobs: Sequence[Job]) -> None:
        """See `Output`."""

    def __getstate__(self) -> dict:
        return self.__dict__ | {"_there": frozenset()}  # workers are told what to do, and a million names are long

    def _files(self, job: Job) -> list[Path]:
        """The mask comes last: where it is, all is."""
        return [*([probabilities_of(job.mask)] if self._probabilities else []), overlay_of(job.mask), job.mask]

    def _name(self, path: Path) -> str:
        return path.relative_to(self._folder).as_posix()


@contextmanager
def folder_of(output: str) -> Iterator[Path]:
    """The folder to write masks to: `output`, or a temporary one if it is a URL, with its record if there is one."""
    if not is_url(output):
        yield Path(output)
        return
    with tempfile.TemporaryDirectory() as folder, _told_of(folder, output):
        remote = Remote(output)
        if RECORD in remote.names():
            remote.fetch(RECORD, Path(folder) / RECORD)
        yield Path(folder)


@contextmanager
def fetched(weights: str) -> Iterator[str]:
    """The path of a trained network: `weights`, or a copy of it if it is a URL.

    Raises:
        UserError: the store cannot be reached, or there is no trained network.
    """
    if not is_url(weights):
        yield weights
        return
    with tempfile.TemporaryDirectory() as folder:
        for name in _TRAINED:
            Remote(weights).fetch(name, Path(folder) / name)
        run = RunFolder(folder)
        for path in (run.record, run.training_data):
            with suppress(UserError):  # of weights that were put there without it
                Remote(weights).fetch(path.name, path)
        yield folder


@contextmanager
def run_of(output: str, *, writes: bool) -> Iterator[str]:
    """A run's folder: `output`; or, if it is a URL, a folder of this machine that is like it.

    Args:
        output: where the run belongs.
        writes: whether this process writes the run: what changes is copied to the store, soon after it has, and when
            the block ends, however it does.

    Raises:
        UserError: the store cannot be reached: as the block begins, or, after some tries, as it ends. Then the folder
            is kept, and the message says where.
    """
    if not is_url(output):
        yield output
        return
    folder = tempfile.mkdtemp()
    with _told_of(folder, output):
        copy = _Copy(Path(folder), Remote(output))
        copy.fetch()
        try:
            with copy.kept_up() if writes else nullcontext():
                yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _told_of(folder: str, url: str) -> Iterator[None]:
    """What is wrong with files of the folder is said of the URL."""
    try:
        yield
    except UserError as error:
        raise type(error)(str(error).replace(folder, url.rstrip("/"))) from error


class _Copy:
    """A run's folder here, and its like in a store."""

    def __init__(self, folder: Path, remote: Remote) -> None:
        self._folder, self._remote = folder, remote
        self._there: dict[str, tuple[int, int]] = {}  # what the store has, by size and time of the file here

    def fetch(self) -> None:
        """Copies all of it here, but for what was half copied there."""
        names = self._remote.names()
        whole = {name.removesuffix(MANIFEST) for name in names if name.endswith(f"/{MANIFEST}")}
        for name in names:
            if _CHECKPOINTS not in name or f"{name.rpartition('/')[0]}/" in whole:
                self._remote.fetch(name, self._folder / name)
        self._there = self._here()

    @contextmanager
    def kept_up(self) -> Iterator[None]:
        """Copies what changes to the store meanwhile; when it cannot be reached, later."""
        ended = threading.Event()
        thread = threading.Thread(target=self._keep_up, args=(ended,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            self._push_all()

    def _keep_up(self, ended: threading.Event) -> None:
        while not ended.wait(_SECONDS):
            try:
                self.push()
            except Exception as error:
                print(f"{first_line(error)}; it is tried again")

    def _push_all(self) -> None:
        for pause in _PAUSES:
            try:
                return self.push()
            except UserError:
                time.sleep(pause)
        try:
            return self.push()
        except UserError as error:
            # not by the folder's own name, which the message would say of the URL
            kept = self._folder.rename(self._folder.with_name(f"kept-{self._folder.name}"))
            raise UserError(f"{error}; the run is kept in {kept}: copy it there") from error

    def push(self) -> None:
        """Copies what has changed, and then deletes what is gone.

        Checkpoints come after the tables, as in a folder: rows of epochs that are trained again are replaced. A
        checkpoint's checksums come last: without them it is none. What was there before goes when all is there.
        """
        here, is_all = self._here(), True
        changed = [name for name in here if here[name] != self._there.get(name)]
        for name in sorted(changed, key=lambda name: (_CHECKPOINTS in name, name.endswith(MANIFEST))):
            try:
                self._remote.write(name, self._folder / name)
            except UserError:
                if (self._folder / name).exists():
                    raise
                is_all = False  # of a checkpoint that another has followed meanwhile
                continue
            self._there[name] = here[name]
        gone = self._there.keys() - here.keys() if is_all else ()
        for name in sorted(gone, key=lambda name: not name.endswith(MANIFEST)):
            self._remote.delete(name)
            del self._there[name]

    def _here(self) -> dict[str, tuple[int, int]]:
        """Every file, with its size and time; folders may come and go meanwhile."""
        found = {}
        for folder, folders, names in os.walk(self._folder):
            folders[:] = [name for name in folders if not is_partial(Path(name))]
            for path in (Path(folder) / name for name in names if name != LOCK and not is_partial(Path(name))):
                with suppress(FileNotFoundError):
                    status = path.stat()
                    found[path.relative_to(self._folder).as_posix()] = (status.st_size, status.st_mtime_ns)
        return found
