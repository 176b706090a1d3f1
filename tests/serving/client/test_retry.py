import pytest

from wsfcn_tf.serving.client.errors import Failed, TimedOut, Unavailable
from wsfcn_tf.serving.client.retry import Retries, with_retries


def run(errors, retries):
    """(result or error, waits drawn as the longest) of a request that meets these errors first."""
    waits, left = [], list(errors)

    def request():
        if left:
            raise left.pop(0)
        return "result"

    try:
        return with_retries(request, retries, waits.append, lambda low, high: high), waits
    except Exception as error:
        return error, waits


def test_waits_double_up_to_the_longest():
    result, waits = run([Unavailable("busy")] * 5, Retries(6, first_wait=1, longest_wait=5))
    assert (result, waits) == ("result", [1, 2, 4, 5, 5])


def test_waits_are_drawn_between_nothing_and_the_longest():
    drawn = []
    errors = [Unavailable("busy")] * 3

    def request():
        if errors:
            raise errors.pop()

    with_retries(request, Retries(4, 1.0), drawn.append, lambda low, high: low + 0.25 * (high - low))
    assert drawn == [0.25, 0.5, 1.0]


def test_the_last_error_is_told():
    error, waits = run([Unavailable("first"), Unavailable("second"), Unavailable("third")], Retries(2, 1))
    assert (type(error), str(error), waits) == (Unavailable, "second (tried 2 times)", [1])
    error, waits = run([Unavailable("only")], Retries(1))
    assert (str(error), waits) == ("only", [])


@pytest.mark.parametrize("kind", [Failed, TimedOut, ValueError])
def test_nothing_else_is_tried_again(kind):
    error, waits = run([Unavailable("busy"), kind("no")], Retries(9, 1))
    assert (type(error), str(error), waits) == (kind, "no", [1])
