"""Original archives: .tar, .tgz and their like."""

import gzip
import lzma
import re
import shutil
import tarfile
import zlib
from pathlib import Path

from tqdm import tqdm

from wsfcn_tf.errors import UserError, first_line
from wsfcn_tf.files import replacing

# what tarfile and the decompressors below it raise
_DAMAGED = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError)


def unpack(archive: Path, wanted: re.Pattern[str], folder: Path) -> None:
    """Unpacks some files of a tar archive; nothing is done if `folder` exists, which is complete or absent.

    Args:
        archive: the file; the compression is found out.
        wanted: matches the end of a member's path; its group 1 is where the file goes in `folder`.
        folder: to be made.

    Raises:
        UserError: not an archive, damaged or cut short, or without any file that is wanted.
    """
    if folder.is_dir():
        return
    with replacing(folder) as temporary:
        try:
            with tarfile.open(archive) as members:
                for member in tqdm(members, desc=archive.name, unit="file", dynamic_ncols=True):
                    match = wanted.search(member.name)
                    if match and member.isfile():
                        _write(members, member, temporary / match[1])
        except _DAMAGED as error:
            reason = first_line(error).rstrip(":")
            raise UserError(
                f"{archive}: is not a tar archive, or damaged or cut short ({reason}): get it again"
            ) from None
        if not temporary.is_dir():
            raise UserError(f"{archive}: holds no file such as is needed: is it the right archive?")


def _write(members: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with members.extractfile(member) as source, target.open("wb") as file:
        shutil.copyfileobj(source, file)
    if target.stat().st_size != member.size:
        raise tarfile.ReadError(f"{member.name} is incomplete")
