"""One process at a time: shown with two, one of which is killed."""

import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from wsfcn_tf.errors import UserError
from wsfcn_tf.runs.lock import LOCK, is_locked, locked

HOLDER = """
import sys
from pathlib import Path
from wsfcn_tf.runs.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    command = [sys.executable, "-c", HOLDER, tmp_path / "run"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_the_second_is_told_who_holds_it_and_a_killed_holder_does_not_count(tmp_path, holder):
    root = tmp_path / "run"
    assert is_locked(root)
    held = json.loads((root / LOCK).read_text())
    with pytest.raises(UserError) as error, locked(root):
        raise AssertionError("two hold the lock")
    assert str(error.value) == (
        f"{root}: process {holder.pid} on {held['host']}, since {held['since']}, is training into this folder; "
        "choose another --output"
    )
    assert json.loads((root / LOCK).read_text()) == held  # looking changes nothing

    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (root / LOCK).exists() and not is_locked(root)
    with locked(root):
        assert json.loads((root / LOCK).read_text())["pid"] == os.getpid()
        assert is_locked(root)
    assert not is_locked(root)


def test_the_folder_goes_if_nothing_was_written_and_stays_if_something_was(tmp_path):
    with locked(tmp_path / "made" / "run"):
        pass
    assert not (tmp_path / "made" / "run").exists()
    with locked(tmp_path / "run"):
        (tmp_path / "run" / "config.yaml").touch()
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["config.yaml"]


def test_a_lock_file_removed_while_waiting_is_not_the_folders_lock(tmp_path, monkeypatch):
    """Who opens the file just before its holder removes it would hold a file that nobody else sees."""
    opened, real = [], os.open

    def open_then_removed(path, *arguments):
        handle = real(path, *arguments)
        if not opened:
            Path(path).unlink()
        opened.append(path)
        return handle

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", open_then_removed)
        with locked(tmp_path):
            assert len(opened) > 1 and is_locked(tmp_path)


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks(tmp_path, monkeypatch, capsys, code):
    def flock(handle, operation):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", flock)
    with locked(tmp_path):
        assert not is_locked(tmp_path)
    expected = f"{tmp_path}: this file system has no locks; see to it that only one training writes there\n"
    assert capsys.readouterr().out == expected


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="run/lock: cannot be written: Not a directory"), locked(tmp_path / "file/run"):
        pass
