"""`replacing`: complete or absent, never half."""

import errno
import json
import os
import subprocess
import sys

import pytest

from wsfcn_tf.errors import UserError
from wsfcn_tf.files import clear_partial, remove, replacing, write_json, write_lines, write_text


def test_a_new_file_appears_under_its_name_only(tmp_path):
    target = tmp_path / "made" / "on the way" / "mask.png"
    with replacing(target) as temporary:
        assert temporary.parent == target.parent, "a rename is only atomic inside one folder"
        assert temporary.suffix == ".png"
        temporary.write_bytes(b"new")
        assert not target.exists()
    assert target.read_bytes() == b"new"
    assert list(target.parent.iterdir()) == [target]


def test_an_existing_file_is_replaced(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with replacing(str(target)) as temporary:
        temporary.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path, error):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(type(error)), replacing(target) as temporary:
        temporary.write_text("half")
        raise error
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_an_error_before_anything_is_written(tmp_path):
    with pytest.raises(ValueError, match="early"), replacing(tmp_path / "a.txt"):
        raise ValueError("early")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_replaces_a_folder_with_all_that_was_in_it(tmp_path):
    target = tmp_path / "saved"
    (target / "variables").mkdir(parents=True)
    (target / "stale.txt").write_text("old")
    with replacing(target) as temporary:
        temporary.mkdir()
        (temporary / "fresh.txt").write_text("new")
        assert (target / "stale.txt").exists()
    assert [path.name for path in target.iterdir()] == ["fresh.txt"]
    assert list(tmp_path.iterdir()) == [target]


def test_an_error_leaves_the_old_folder_and_nothing_else(tmp_path):
    target = tmp_path / "saved"
    target.mkdir()
    (target / "kept.txt").write_text("old")
    with pytest.raises(RuntimeError), replacing(target) as temporary:
        temporary.mkdir()
        (temporary / "half.txt").write_text("new")
        raise RuntimeError
    assert [path.name for path in target.iterdir()] == ["kept.txt"]
    assert list(tmp_path.iterdir()) == [target]


def test_text_is_utf8_and_json_is_indented_and_readable(tmp_path):
    write_text(tmp_path / "a.txt", "é\n")
    assert (tmp_path / "a.txt").read_bytes() == "é\n".encode()
    value = {"mIoU": 0.5, "classes": ["bâteau"]}
    write_json(tmp_path / "a.json", value)
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert json.loads(text) == value
    assert "bâteau" in text
    assert text.startswith('{\n  "mIoU"')
    assert text.endswith("}\n")


# === What a disk refuses ===


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "No space left on device; make room on the disk"),
        (RuntimeError("write failed: error message = 'No space left on device'"), "No space left on device; make room"),
        (OSError(errno.EROFS, os.strerror(errno.EROFS)), "Read-only file system; choose another folder"),
        (OSError(errno.EFBIG, os.strerror(errno.EFBIG)), "File too large; allow larger files there"),
    ],
)
def test_a_disk_that_refuses_is_one_line_that_names_the_file(tmp_path, error, words):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(UserError) as caught, replacing(target, durable=True) as temporary:
        temporary.write_text("half")
        raise error
    assert str(caught.value).startswith(f"{target}: cannot be written: {words}")
    assert target.read_text() == "old" and list(tmp_path.iterdir()) == [target]


def test_a_file_in_a_folders_place(tmp_path):
    (tmp_path / "a").write_text("not a folder")
    with pytest.raises(UserError, match=r"a/b/c.txt: cannot be written: Not a directory; choose another folder"):
        write_text(tmp_path / "a" / "b" / "c.txt", "")


def test_a_source_that_cannot_be_read_is_not_the_targets_fault(tmp_path):
    error = PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(tmp_path / "elsewhere" / "photo.jpg"))
    with pytest.raises(PermissionError), replacing(tmp_path / "here" / "photo.jpg"):
        raise error


def test_durable_files_and_folders_arrive_as_others_do(tmp_path):
    for _ in range(2):
        with replacing(tmp_path / "folder", durable=True) as temporary:
            (temporary / "below").mkdir(parents=True)
            write_text(temporary / "below" / "a.txt", "text", durable=True)
    assert [path.name for path in tmp_path.rglob("*")] == ["folder", "below", "a.txt"]


# === What killed processes left ===


def ended_process():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_only_what_dead_processes_left_is_cleared(tmp_path):
    dead, living = ended_process(), os.getppid()
    (tmp_path / f".partial-{dead}-epoch-0003").mkdir()
    (tmp_path / f".partial-{dead}-epoch-0003" / "half").touch()
    for name in (f".partial-{os.getpid()}-a.txt", f".partial-{living}-b.txt", ".partial-me-c.txt", "d.txt"):
        (tmp_path / name).touch()
    clear_partial(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {f".partial-{living}-b.txt", ".partial-me-c.txt", "d.txt"}


def test_a_process_with_a_dead_ones_number_writes_all_the_same(tmp_path):
    (tmp_path / f".partial-{os.getpid()}-saved").mkdir()
    (tmp_path / f".partial-{os.getpid()}-saved" / "stale").touch()
    with replacing(tmp_path / "saved") as temporary:
        temporary.mkdir()
    assert [path.name for path in tmp_path.rglob("*")] == ["saved"]


def test_removing_leaves_nothing(tmp_path):
    (tmp_path / "folder" / "below").mkdir(parents=True)
    remove(tmp_path / "folder")
    assert list(tmp_path.iterdir()) == []


def test_lines_end_with_an_end_of_line(tmp_path):
    write_lines(tmp_path / "lines.txt", iter(["Kühe", "", "b"]))
    assert (tmp_path / "lines.txt").read_bytes() == "Kühe\n\nb\n".encode()
    write_lines(tmp_path / "lines.txt", [])
    assert (tmp_path / "lines.txt").read_bytes() == b""
