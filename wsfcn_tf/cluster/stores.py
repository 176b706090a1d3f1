"""Runs and masks in stores: what is written is a folder of this machine, copied there."""

import atexit
import shutil
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from wsfcn_tf.errors import UserError
from wsfcn_tf.files import is_partial
from wsfcn_tf.files.remote import Remote, is_url
from wsfcn_tf.inference.outputs import RECORD, Output, probabilities_of
from wsfcn_tf.inference.photos import Job, overlay_of
from wsfcn_tf.inference.prediction import Prediction
from wsfcn_tf.runs.folder import WEIGHTS
from wsfcn_tf.runs.lock import LOCK
from wsfcn_tf.runs.manifest import MANIFEST

_SECONDS = 10.0  # between looks at what a training has written
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
    with tempfile.TemporaryDirectory() as folder:
        remote = Remote(output)
        if RECORD in remote.names():
            remote.fetch(RECORD, Path(folder) / RECORD)
        yield Path(folder)


def fetched(weights: str) -> str:
    """A path of a trained network: `weights`, or a copy of it if it is a URL, which ends with this process.

    Raises:
        UserError: the store cannot be reached, or there is no trained network.
    """
    if not is_url(weights):
        return weights
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name in _TRAINED:
        Remote(weights).fetch(name, Path(folder) / name)
    return folder


@contextmanager
def run_of(output: str, *, writes: bool) -> Iterator[str]:
    """A run's folder: `output`; or, if it is a URL, a folder of this machine that is like it.

    Args:
        output: where the run belongs.
        writes: whether this process writes the run: what changes is copied to the store, soon after it has, and when
            the block ends, however it does.
    """
    if not is_url(output):
        yield output
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = _Copy(Path(folder), Remote(output))
        copy.fetch()
        if not writes:
            yield folder
            return
        with copy.kept_up():
            yield folder


class _Copy:
    """A run's folder here, and its like in a store."""

    def __init__(self, folder: Path, remote: Remote) -> None:
        self._folder, self._remote = folder, remote
        self._there: dict[str, tuple[int, int]] = {}  # what the store has, by size and time of the file here

    def fetch(self) -> None:
        """Copies all of it here."""
        for name in self._remote.names():
            self._remote.fetch(name, self._folder / name)
        self._there = self._here()

    @contextmanager
    def kept_up(self) -> Iterator[None]:
        """Copies what changes to the store meanwhile; when it cannot be reached, later."""
        ended = threading.Event()

        def copy() -> None:
            while not ended.wait(_SECONDS):
                try:
                    self.push()
                except UserError as error:
                    print(f"{error}; it is tried again")

        thread = threading.Thread(target=copy, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            self.push()

    def push(self) -> None:
        """Copies what has changed, and then deletes what is gone.

        Checkpoints come after the tables, as in a folder: rows of epochs that are trained again are replaced. Of each,
        its checksums come first, so that half of one is known as such.
        """
        here = self._here()
        changed = [name for name in here if here[name] != self._there.get(name)]
        for name in sorted(changed, key=lambda name: (_CHECKPOINTS in name, not name.endswith(MANIFEST))):
            try:
                self._remote.write(name, self._folder / name)
            except UserError:
                if (self._folder / name).exists():
                    raise
                continue  # of a checkpoint that another has followed meanwhile
            self._there[name] = here[name]
        for name in self._there.keys() - here.keys():
            self._remote.delete(name)
            del self._there[name]

    def _here(self) -> dict[str, tuple[int, int]]:
        found = {}
        for path in sorted(self._folder.rglob("*")):
            name = path.relative_to(self._folder)
            if name.name == LOCK or any(is_partial(Path(part)) for part in name.parts):
                continue
            try:
                if path.is_file():
                    status = path.stat()
                    found[name.as_posix()] = (status.st_size, status.st_mtime_ns)
            except FileNotFoundError:
                continue
        return found
