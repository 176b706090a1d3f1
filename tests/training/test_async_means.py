import numpy as np
import pytest
import tensorflow as tf

from wsfcn_tf.errors import UserError
from wsfcn_tf.training.late_values import LateValues
from wsfcn_tf.training.totals import EpochTotals


class Log:
    def __init__(self):
        self.seen = []

    def step(self, epoch, totals):
        self.seen.append((epoch, totals.images))


@pytest.fixture
def late():
    return LateValues(2, EpochTotals(), Log())


def values(*losses):
    return {"loss": tf.constant(losses)}


def test_a_step_is_read_when_the_next_is_there(late):
    for expected in ([], [(2, 2)], [(2, 2), (2, 4)]):
        late.add(values(1.0, 2.0), [tf.constant(["a", "b"])])
        assert late._log.seen == expected
    late.settle()
    late.settle()  # nothing is left
    assert late._log.seen == [(2, 2), (2, 4), (2, 6)]
    assert late._totals.sums == {"loss": 9.0}


@pytest.mark.parametrize("settled", [False, True])
def test_a_loss_that_is_not_finite_is_told_with_its_own_images(late, settled):
    late.add(values(1.0, np.nan), [tf.constant(["a"]), tf.constant(["b"])])
    with pytest.raises(UserError) as error:
        if settled:
            late.settle()
        else:
            late.add(values(1.0, 1.0), [tf.constant(["c"]), tf.constant(["d"])])
    assert str(error.value) == (
        "the loss is not finite in epoch 3 on a, b (!); lower training.learning_rate, or check them"
    )
    assert not late._totals.images


def test_images_of_other_hosts_have_no_names_here(late):
    late.add(values(1.0, np.nan), [tf.constant(["a"])])
    with pytest.raises(UserError, match="on images of several hosts, of which this one has loaded a; lower"):
        late.settle()
