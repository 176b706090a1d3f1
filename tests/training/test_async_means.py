import keras
import numpy as np
import pytest
import tensorflow as tf

from wsfcn_tf.errors import UserError
from wsfcn_tf.runs.totals import EpochTotals
from wsfcn_tf.training.async_means import AsyncMeans, reads_batch_logs


@pytest.fixture
def means():
    means = AsyncMeans()
    means.begin(2, EpochTotals())
    return means


def values(*losses):
    return {"loss": tf.constant(losses)}


def test_a_step_is_read_when_the_next_is_there(means):
    for expected in ({}, {"loss": 1.5}, {"loss": 1.5}):
        means.update(values(1.0, 2.0), [tf.constant(["a", "b"])])
        assert means.result() == expected
    assert means.totals.images == 4
    means.flush()
    means.flush()  # nothing is left
    assert (means.totals.images, means.totals.sums) == (6, {"loss": 9.0})


def test_a_step_is_read_at_once_for_whom_reads_the_logs_of_batches():
    means = AsyncMeans(synchronous=True)
    means.begin(0, EpochTotals(2, {"loss": 3.0}))
    means.update(values(4.0, 5.0), [tf.constant(["a", "b"])])
    assert means.result() == {"loss": 3.0}


class ReadsBatches(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        pass


class ReadsBatchesByTheOldName(keras.callbacks.Callback):
    def on_batch_end(self, batch, logs=None):
        pass


@pytest.mark.parametrize(
    ("callback", "expected"),
    [
        (ReadsBatches(), True),
        (ReadsBatchesByTheOldName(), True),
        (keras.callbacks.LambdaCallback(on_train_batch_end=print), True),
        (keras.callbacks.TerminateOnNaN(), True),
        (keras.callbacks.EarlyStopping(), False),
        (keras.callbacks.CSVLogger("unused"), False),
    ],
)
def test_who_reads_the_logs_of_batches(callback, expected):
    assert reads_batch_logs(callback) == expected


@pytest.mark.parametrize("flushed", [False, True])
def test_a_loss_that_is_not_finite_is_told_with_its_own_images(means, flushed):
    means.update(values(1.0, np.nan), [tf.constant(["a"]), tf.constant(["b"])])
    with pytest.raises(UserError) as error:
        if flushed:
            means.flush()
        else:
            means.update(values(1.0, 1.0), [tf.constant(["c"]), tf.constant(["d"])])
    assert str(error.value) == (
        "the loss is not finite in epoch 3 on a, b (!); lower training.learning_rate, or check them"
    )
    assert not means.totals.images


def test_images_of_other_hosts_have_no_names_here(means):
    means.update(values(1.0, np.nan), [tf.constant(["a"])])
    with pytest.raises(UserError, match="on images of several hosts, of which this one has loaded a; lower"):
        means.flush()
