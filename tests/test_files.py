"""`replacing`: complete or absent, never half."""

import json

import pytest

from wsfcn_tf.files import replacing, write_json, write_text


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
