from pathlib import Path

import pytest
from written_layouts import put

from wsfcn_tf.data.layouts.folder import SourceFolder
from wsfcn_tf.errors import UserError


def folder_with(root: Path, *names: str) -> SourceFolder:
    for name in names:
        put(root, f"{name}.jpg")
    return SourceFolder(root)


@pytest.mark.parametrize(
    ("name", "near", "found"),
    [
        ("one/a.jpg", "", "one/a.jpg"),
        ("a.jpg", "two/", "two/a.jpg"),
        ("../one/a.jpg", "json/", "one/a.jpg"),
        (r"C:\photos\two\a.jpg", "", "two/a.jpg"),
        ("/home/me/one/a", "", "one/a.jpg"),
        ("c", "", "images/c.jpg"),  # its mask has the same name
        ("cafe\u0301", "", "caf\u00e9.jpg"),
        ("d.jpg", "", None),
        ("a.png", "", None),
        ("", "", None),
        ("..", "", None),
    ],
)
def test_photos_by_what_is_written(tmp_path, name, near, found):
    folder = folder_with(tmp_path, "one/a", "two/a", "images/c", "masks/c", "caf\u00e9")
    assert folder.find(name, near) == found


def test_the_split_decides_only_if_there_is_one(tmp_path):
    folder = folder_with(tmp_path, "train/a", "other/a", "test/a")
    assert folder.find("a.jpg", split="train") == "train/a.jpg"
    with pytest.raises(UserError) as error:
        folder.find("a.jpg")
    assert str(error.value) == f"photo 'a.jpg' can be other/a.jpg or test/a.jpg in {tmp_path}: rename one of them"


def test_headers(tmp_path):
    put(tmp_path, "a.csv", '\ufeff"image_id"; "tags"\r\n1;2\n')
    put(tmp_path, "b.csv", "")
    folder = SourceFolder(tmp_path)
    assert folder.header("a.csv") == ["image_id", "tags"] and folder.header("b.csv") == [""]
    assert folder.header("none.csv") == [""]
