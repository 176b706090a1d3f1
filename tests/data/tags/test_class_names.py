import pytest

from wsfcn_tf.data.tags.class_names import COCO, VOC, read_class_names
from wsfcn_tf.errors import UserError


@pytest.mark.parametrize("text", ["background\ncat\ndog\n", "cat\ndog"])
def test_background_may_be_named(tmp_path, text):
    (tmp_path / "classes.txt").write_text(text)
    assert read_class_names(tmp_path / "classes.txt") == ("cat", "dog")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no such file: create it, or check the folder"),
        (b"background\n", "names no class: write one per line"),
        (b"cat\ndog\ncat\n", "class 'cat' is there twice: remove one"),
        ("Kühe".encode("latin-1"), "is not UTF-8 text: save it as UTF-8"),
    ],
)
def test_mistakes(tmp_path, content, message):
    path = tmp_path / "classes.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError) as error:
        read_class_names(path)
    assert str(error.value) == f"{path}: {message}"


def test_the_benchmarks_classes():
    assert (len(VOC), len(set(VOC))) == (20, 20)
    assert (len(COCO), len(set(COCO))) == (80, 80)
    assert (VOC[14], COCO[0], COCO[-1]) == ("person", "person", "toothbrush")
