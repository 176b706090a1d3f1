import pytest

from wsfcn_tf.errors import UserError, first_line, some


def test_a_message_is_one_line():
    assert str(UserError("a\nb")) == "a b"


@pytest.mark.parametrize(
    ("error", "line"), [(OSError("what\nand why"), "what"), (KeyError(), "KeyError"), (ValueError(""), "ValueError")]
)
def test_first_line(error, line):
    assert first_line(error) == line


def test_some_of_many_names():
    assert some(["a"]) == "'a'"
    assert some(list("abcd"), most=2) == "'a', 'b' and 2 more"
