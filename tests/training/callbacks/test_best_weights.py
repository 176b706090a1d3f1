import keras
import numpy as np
import pytest

from wsfcn_tf.config import TrainingConfig
from wsfcn_tf.errors import UserError
from wsfcn_tf.runs.epoch_table import write_row
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.training.callbacks.best_weights import BestWeights, best_epoch


def rows(**columns):
    count = len(next(iter(columns.values())))
    return [{"epoch": str(i + 1), **{name: str(column[i]) for name, column in columns.items()}} for i in range(count)]


def config(select, pretrain_epochs=2, epochs=5):
    return TrainingConfig(select=select, pretrain_epochs=pretrain_epochs, epochs=epochs, validate_every=1)


TABLE = rows(loss=[0.1, 0.2, 0.9, 0.7, 0.7], map=[0.99, 0.5, 0.6, 0.8, 0.7], miou=[0.9, 0.9, 0.3, "nan", 0.4])


@pytest.mark.parametrize(
    ("settings", "best"),
    [
        (config("last"), None),
        (config("loss"), (4, 0.7)),  # the losses before the switch are of less; the first of equals
        (config("map"), (4, 0.8)),
        (config("miou"), (5, 0.4)),
        (config("loss", pretrain_epochs=5), (1, 0.1)),  # no switch: all are candidates
        (config("map", pretrain_epochs=0), (1, 0.99)),
    ],
)
def test_the_best_of_the_epochs_after_the_switch(settings, best):
    assert best_epoch(TABLE, settings) == best


def test_no_candidate_yet():
    assert best_epoch(TABLE[:2], config("loss")) is None
    assert best_epoch([], config("loss")) is None


def network(value):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile("sgd")
    model.set_weights([np.full((1, 1), value)])
    return model


def best_weights(run, select="map", value=0):
    callback = BestWeights(run, config(select))
    callback.set_model(network(value))
    return callback


def value_of(callback):
    return callback.model.get_weights()[0].item()


def validate(run, epoch, value):
    write_row(run.validation, epoch, {"map": value})
    best_weights(run, value=epoch).on_epoch_end(epoch - 1)


def test_the_best_so_far_stays_until_the_better_ones_checkpoint_is_there(tmp_path):
    run = RunFolder(tmp_path)
    for epoch, value in ((1, 0.9), (2, 0.9), (3, 0.5), (4, 0.4)):
        best_weights(run).on_epoch_begin(epoch - 1)
        validate(run, epoch, value)
    assert [path.name for path in run.all_best_weights()] == ["best-epoch-0003.weights.h5"]
    validate(run, 5, 0.6)  # killed here, a resumed run's best is still epoch 3
    assert len(run.all_best_weights()) == 2
    best = best_weights(run)
    best.on_train_end()
    assert best.selected == (5, 0.6) and value_of(best) == 5
    assert run.all_best_weights() == [run.best_weights(5)]


def test_without_select_the_last_weights_stay(tmp_path):
    run = RunFolder(tmp_path)
    validate(run, 5, 0.6)
    best = best_weights(run, "last", value=7)
    best.on_train_end()
    assert best.selected is None and value_of(best) == 7


def test_weights_that_are_gone(tmp_path):
    run = RunFolder(tmp_path)
    validate(run, 5, 0.6)
    run.best_weights(5).unlink()
    with pytest.raises(UserError, match=r"best-epoch-0005.weights.h5: epoch 5 is the best by training.select map, but"):
        best_weights(run).on_train_end()


def test_the_table_alone_decides(tmp_path):
    """Its numbers have six digits: a resumed run must not choose by more."""
    run = RunFolder(tmp_path)
    for epoch, value in ((3, 0.5), (4, np.nextafter(0.5, 1))):
        validate(run, epoch, value)
    assert [path.name for path in run.all_best_weights()] == ["best-epoch-0003.weights.h5"]
