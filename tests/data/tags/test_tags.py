import numpy as np
import pytest

from wsfcn_tf.data.tags.readers import read_tags_csv
from wsfcn_tf.data.tags.tags import tag_vector
from wsfcn_tf.errors import UserError

CLASSES = ("cat", "dog", "sheep")


@pytest.fixture
def folder(tmp_path):
    for name in ("a.jpg", "b.png", "a photo, with comma.jpg"):
        (tmp_path / name).touch()
    return tmp_path


def read(folder, text, class_names=CLASSES):
    (folder / "tags.csv").write_text(text, encoding="utf-8")
    return read_tags_csv(folder / "tags.csv", folder, class_names)


def test_rows_in_order_with_and_without_suffix_and_tags(folder):
    text = '\ufefftags,image\ndog; cat,b\n,a.jpg\n\nsheep;,"a photo, with comma.jpg"\n'
    expected = {"b.png": ("dog", "cat"), "a.jpg": (), "a photo, with comma.jpg": ("sheep",)}
    assert list(read(folder, text).items()) == list(expected.items())


def test_without_class_list_every_tag_will_do(folder):
    assert read(folder, "image,tags\na.jpg,zebra\n", None) == {"a.jpg": ("zebra",)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: there is no column 'image': the header has to be image,tags"),
        ("image,labels\na.jpg,cat\n", "line 1: there is no column 'tags': the header has to be image,tags"),
        ("image,tags\na.jpg,cat;dgo\n", "line 2: tag 'dgo' is not in the class list: did you mean 'dog'?"),
        ("image,tags\na.jpg,piano\n", "line 2: tag 'piano' is not in the class list: the classes are cat, dog, sheep"),
        (
            "image,tags\na.jpg,cat\nb.png,dog\na,dog\n",
            "line 4: photo 'a' is there twice: put all its tags into one row",
        ),
        ("image,tags\na.jpg,cat,dog\n", "line 2: not as many fields as the header has: join tags by ';'"),
        ("image,tags\na.jpg\n", "line 2: not as many fields as the header has: join tags by ';'"),
        ("image,tags\n", "no training image left: the file lists no photo"),
    ],
)
def test_mistakes(folder, text, message):
    with pytest.raises(UserError) as error:
        read(folder, text)
    prefix = f"{folder}/tags.csv: "
    assert str(error.value) == prefix + message


def test_photo_that_is_not_there(folder):
    with pytest.raises(UserError) as error:
        read(folder, "image,tags\na.jpg,cat\nc.jpg,dog\n")
    assert str(error.value) == f"{folder}/tags.csv: line 3: there is no photo 'c.jpg' in {folder}"


def test_vector():
    vector = tag_vector(["sheep", "cat"], CLASSES)
    assert vector.dtype == np.float32
    assert vector.tolist() == [1, 0, 1]
    assert tag_vector([], CLASSES).tolist() == [0, 0, 0]
