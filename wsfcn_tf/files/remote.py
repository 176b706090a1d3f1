"""Folders in stores: `s3://`, `gs://` and whatever else fsspec has a file system for."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from wsfcn_tf.errors import UserError, first_line
from wsfcn_tf.files.atomic import is_partial, replacing

# stores in which a file is there only when it is complete
_WHOLE = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "memory"}


def is_url(path: str | Path) -> bool:
    """Whether it names a place in a store, and not a path."""
    return "://" in str(path)


class Remote:
    """A folder in a store, or a file.

    Args:
        url: such as "s3://bucket/photos". Credentials and regions are those of the store's own settings and variables.

    Attributes:
        url: without a slash at its end.

    Raises:
        UserError: fsspec, or what it needs for such a store, is not installed.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._system, root = _system_of(self.url)
        self._root = root.rstrip("/")

    def __reduce__(self) -> tuple:
        return Remote, (self.url,)  # connections do not move to other processes

    def names(self) -> list[str]:
        """Every file below it, by its path from there, sorted; none if there is no such folder."""
        with self._reaching():  # `isdir` would call a store that refuses an answer no folder
            self._system.invalidate_cache()
            try:
                found = self._system.find(self._root)
            except FileNotFoundError:
                found = []
        names = (path.removeprefix(self._root).removeprefix("/") for path in found)
        return sorted(name for name in names if name and not is_partial(PurePosixPath(name)))

    def is_file(self) -> bool:
        """Whether the URL is that of a file."""
        with self._reaching():
            try:
                return self._system.info(self._root)["type"] == "file"
            except FileNotFoundError:
                return False

    def read(self, name: str = "") -> bytes:
        """A file's content; without a name, that of the URL itself. Raises UserError if it cannot be read."""
        with self._reaching(name):
            return self._system.cat_file(self._path(name))

    def fetch(self, name: str, target: Path) -> None:
        """Copies a file to this machine, complete or not at all. Raises UserError if it cannot be read."""
        with self._reaching(name), replacing(target) as temporary:
            self._system.get_file(self._path(name), str(temporary))

    def write(self, name: str, source: Path) -> None:
        """Copies a file of this machine there, complete or not at all. Raises UserError if it cannot be written."""
        path = self._path(name)
        with self._reaching(name):
            if self._protocols & _WHOLE:
                self._system.put_file(str(source), path)
                return
            folder, _, last = path.rpartition("/")
            temporary = f"{folder}/.partial-{os.getpid()}-{last}"
            self._system.makedirs(folder, exist_ok=True)
            self._system.put_file(str(source), temporary)
            self._system.mv(temporary, path)

    def delete(self, name: str) -> None:
        """Deletes a file, if it is there."""
        with self._reaching(name), suppress(FileNotFoundError):
            self._system.rm_file(self._path(name))

    @property
    def _protocols(self) -> set[str]:
        protocol = self._system.protocol
        return {protocol} if isinstance(protocol, str) else set(protocol)

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}" if name else self._root

    @contextmanager
    def _reaching(self, name: str = "") -> Iterator[None]:
        """Around what asks the store: libraries of stores raise errors of their own kinds."""
        where = f"{self.url}/{name}" if name else self.url
        try:
            yield
        except UserError:
            raise
        except FileNotFoundError:
            raise UserError(f"{where}: there is no such file") from None
        except Exception as error:
            raise UserError(f"{where}: cannot be reached: {first_line(error)}") from error


def _system_of(url: str) -> tuple[Any, str]:
    """The file system, and the path in it."""
    try:
        from fsspec.core import url_to_fs

        return url_to_fs(url)
    except ImportError as error:
        raise UserError(
            f"{url}: a package is missing ({first_line(error)}): pip install fsspec s3fs, or gcsfs"
        ) from error
    except ValueError as error:
        raise UserError(f"{url}: no file system for it: {first_line(error)}") from error
