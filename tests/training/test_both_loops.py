"""Callbacks see, and do, the same in `model.fit` and in our own loop."""

import csv

import keras
import numpy as np
import pytest
import tensorflow as tf
from tiny_loops import CONFIG, EPOCHS, SCENES, STEPS, by_fit, by_loop, compiled_model, eagerly

from wsfcn_tf.data.pipeline import validation_batches
from wsfcn_tf.training.callbacks import LossSwitch, Validation, ValidationSplit

LOOPS = {"fit": by_fit, "loop": by_loop}


def close(logs):
    return {name: pytest.approx(value, rel=1e-4, abs=1e-6) for name, value in logs.items()}


@pytest.fixture(autouse=True)
def uncompiled():
    with eagerly():
        yield


# === What is called, with which logs ===


class Recorder(keras.callbacks.Callback):
    """Notes each call: the hook, the number of the epoch or batch if it has one, and a copy of the logs."""

    def __init__(self):
        super().__init__()
        self.calls = []


def _without_number(hook):
    return lambda self, logs=None: self.calls.append((hook, None, dict(logs or {})))


def _with_number(hook):
    return lambda self, number, logs=None: self.calls.append((hook, number, dict(logs or {})))


for _part, _noting in (
    ("train", _without_number),
    ("test", _without_number),
    ("epoch", _with_number),
    ("train_batch", _with_number),
    ("test_batch", _with_number),
):
    for _when in ("begin", "end"):
        setattr(Recorder, f"on_{_part}_{_when}", _noting(f"on_{_part}_{_when}"))


@pytest.fixture(scope="module")
def recorded():
    """Recorder and model of each loop, whose steps are compiled."""
    found = {}
    for name, train in LOOPS.items():
        model, recorder = compiled_model(), Recorder()
        names = SCENES.names("val")
        split = ValidationSplit(names, np.stack([SCENES.tags(name) for name in names]))
        train(model, [LossSwitch(1), Validation(CONFIG, SCENES, split, callbacks=[recorder]), recorder])
        found[name] = recorder, model
    return found


def test_both_train_alike(recorded):
    (_, fitted), (_, looped) = recorded["fit"], recorded["loop"]
    start = compiled_model().get_weights()
    for before, one, other in zip(start, fitted.get_weights(), looped.get_weights(), strict=True):
        change = np.abs(other - before).max()
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-3 * change + 1e-7)


def test_both_make_the_same_calls_with_the_same_logs(recorded):
    fit, loop = (recorded[name][0].calls for name in ("fit", "loop"))
    assert [call[:2] for call in fit] == [call[:2] for call in loop]
    if int(keras.__version__.split(".")[0]) < 3:  # Keras 2 copies the logs: fit does not hand on what Validation adds
        fit, loop = fit[:-1], loop[:-1]
    for (hook, number, expected), (_, _, logs) in zip(fit, loop, strict=True):
        assert logs == close(expected), (hook, number)
        assert all(isinstance(value, float) for value in logs.values())


def test_the_order_is_that_of_fit_with_validation_data(recorded):
    views = validation_batches(SCENES, SCENES.names("val"), CONFIG.data, CONFIG.training.batch_size)
    tags = np.stack([SCENES.tags(name) for name in [*SCENES.names("val"), "val_0005", "val_0005"]])
    images = np.concatenate(list(views))
    recorder = Recorder()
    # without a strategy: under one, Keras 3 begins to read the validation arrays and drops the iterator at once, in
    # which TensorFlow 2.21 crashes about once in thirty times on a busy machine (EpochIterator.reset)
    model = compiled_model(strategy=False)
    by_fit(model, [recorder], validation_data=(images, tags), validation_batch_size=4)
    assert [call[:2] for call in recorder.calls] == [call[:2] for call in recorded["loop"][0].calls]


def test_params_and_history(recorded):
    for recorder, model in recorded.values():
        params = {name: recorder.params[name] for name in ("epochs", "steps", "verbose")}
        assert params == {"epochs": EPOCHS, "steps": STEPS, "verbose": 0}
        assert len(model.history.history["val_map"]) == EPOCHS


# === Keras' callbacks ===


@pytest.mark.parametrize("train", LOOPS.values(), ids=LOOPS)
def test_stop_training_is_honoured_after_the_step_and_after_the_epoch(train):
    class Stopping(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if self.within and batch == 1:
                self.model.stop_training = True

        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = True

    for within, steps in ((True, 2), (False, STEPS)):
        stopping, recorder = Stopping(), Recorder()
        stopping.within = within
        train(compiled_model(), [stopping, recorder])
        hooks = [hook for hook, _, _ in recorder.calls]
        assert hooks.count("on_train_batch_end") == steps
        assert hooks[-2:] == ["on_epoch_end", "on_train_end"] and hooks.count("on_epoch_end") == 1


def third_parties(folder):
    return [
        keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=100.0),
        keras.callbacks.CSVLogger(str(folder / "log.csv")),
        keras.callbacks.ModelCheckpoint(str(folder / "{epoch}.weights.h5"), save_weights_only=True),
        keras.callbacks.BackupAndRestore(str(folder / "backup"), delete_checkpoint=False),
        keras.callbacks.TensorBoard(str(folder / "tensorboard"), write_graph=False),
        keras.callbacks.TerminateOnNaN(),
        keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, logs: (folder / "steps").open("a").write(f"{batch} {sorted(logs)}\n")
        ),
        keras.callbacks.EarlyStopping("loss", patience=1, min_delta=100.0),
    ]


def test_those_of_keras_do_the_same(tmp_path):
    results = {}
    for name, train in LOOPS.items():
        model, folder = compiled_model(), tmp_path / name
        folder.mkdir()
        train(model, [LossSwitch(1), *third_parties(folder)])
        with (folder / "log.csv").open() as file:
            rows = [{key: float(value) for key, value in row.items() if value != "NA"} for row in csv.DictReader(file)]
        files = sorted(str(path.relative_to(folder)).split("events")[0] for path in folder.rglob("*") if path.is_file())
        steps = (folder / "steps").read_text()
        results[name] = rows, files, steps, float(tf.convert_to_tensor(model.optimizer.learning_rate))
    fit, loop = results["fit"], results["loop"]
    assert loop[1:] == fit[1:] and loop[3] == pytest.approx(CONFIG.training.learning_rate / 2)
    assert len(loop[0]) == 2  # the second epoch is not better by 100: the rate is halved, and training ends
    for one, other in zip(fit[0], loop[0], strict=True):
        assert other == close(one)
