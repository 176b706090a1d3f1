import json

import numpy as np
import pytest

from wsfcn_tf.errors import UserError
from wsfcn_tf.runs.training_data import check_training_data, fingerprint, write_training_data

CLASSES = ("cat", "dog")
NAMES = ["a.jpg", "b\n\t.jpg", "ü.jpg"]
TAGS = np.float32([[1, 0], [0, 0], [1, 1]])


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "training_data.jsonl"
    check_training_data(path, NAMES, TAGS, CLASSES)  # nothing to compare with
    write_training_data(path, NAMES, TAGS, CLASSES)
    return path


def test_the_same_data_again(path):
    check_training_data(path, NAMES, TAGS, CLASSES)
    lines = path.read_text().splitlines()
    assert [json.loads(line) for line in lines] == [["a.jpg", "cat"], ["b\n\t.jpg"], ["ü.jpg", "cat", "dog"]]


@pytest.mark.parametrize(
    ("names", "tags", "words"),
    [
        ([*NAMES, "c.jpg", "d.jpg"], [*TAGS, TAGS[0], TAGS[0]], "2 added (c.jpg, …)"),
        (NAMES[:2], TAGS[:2], "1 removed (ü.jpg)"),
        (["a.jpg", "c.jpg", "ü.jpg"], TAGS, "1 added (c.jpg), 1 removed (b\n\t.jpg)"),
        (NAMES, [TAGS[1], TAGS[1], TAGS[2]], "1 with other tags (a.jpg)"),
        (NAMES[::-1], TAGS[::-1], "the same photos in another order"),
    ],
)
def test_other_data(path, tmp_path, names, tags, words):
    with pytest.raises(UserError) as error:
        check_training_data(path, names, np.asarray(tags), CLASSES)
    message = (
        f"the training data is not what this run began with: {words}; put it back, or delete {path} to go on with what "
        "is there now, as a run that nobody can repeat"
    )
    assert str(error.value) == " ".join(message.splitlines())
    other = tmp_path / "other.jsonl"
    write_training_data(other, names, np.asarray(tags), CLASSES)
    assert fingerprint(other) != fingerprint(path)
