import re

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from networks import noise

from wsfcn_tf.errors import UserError
from wsfcn_tf.models.averaging import averaged
from wsfcn_tf.runs import checkpoints
from wsfcn_tf.runs.checkpoints import TrainingState
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.runs.totals import EpochTotals
from wsfcn_tf.training.grouped_optimizers import GroupedAdamW, GroupedSGD


def state_after(steps, seed=0, kind=GroupedSGD, **settings):
    """A small compiled model, after some steps."""
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2), keras.layers.BatchNormalization()])
    count = len(model.trainable_variables)
    optimizer = kind(0.1, 0.9, [1.0] * count, [0.01] * count, **settings)
    optimizer.build(model.trainable_variables)
    model.compile(optimizer)
    advance(model, steps)
    return model


def advance(model, steps):
    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.tanh(model(noise(4, 3), training=True)))
        gradients = tape.gradient(loss, model.trainable_variables)
        model.optimizer.apply_gradients(zip(gradients, model.trainable_variables))


def assert_same_weights(one, other):
    assert_equal(one.get_weights(), other.get_weights())


def assert_equal(one, other):
    for first, second in zip(one, other, strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.fixture
def run(tmp_path):
    return RunFolder(tmp_path / "run")


def test_the_scale_of_keras_own_optimiser(run):
    """Keras 2 hides it."""
    model = state_after(0)
    optimizer = keras.mixed_precision.LossScaleOptimizer(keras.optimizers.SGD(0.1))
    optimizer.build(model.trainable_variables)
    model.compile(optimizer)
    if keras.__version__ < "3":
        with pytest.raises(UserError, match="checkpoints cannot hold the scale of Keras 2's Loss"):
            checkpoints.restore(run, model)
    else:
        checkpoints.save(run, model, TrainingState(1))
        checkpoints.restore(run, model)


@pytest.mark.parametrize("kind", [GroupedSGD, GroupedAdamW])
def test_continues_exactly(run, kind):
    model = state_after(3, kind=kind)
    checkpoints.save(run, model, TrainingState(2), keep=1)
    advance(model, 2)

    other = state_after(0, seed=1, kind=kind)
    assert checkpoints.read_state(run) == TrainingState(2)
    checkpoints.restore(run, other)
    assert int(other.optimizer.iterations) == 3
    advance(other, 2)
    assert_same_weights(model, other)


def test_nothing_to_restore(run):
    model = state_after(1)
    before = model.get_weights()
    assert checkpoints.read_state(run) == TrainingState()
    checkpoints.restore(run, model)
    for one, other in zip(before, model.get_weights()):
        np.testing.assert_array_equal(one, other)


def test_keeps_the_last_ones(run):
    for epochs in range(1, 5):
        checkpoints.save(run, state_after(epochs), TrainingState(epochs), keep=2)
    assert [epochs for epochs, _ in run.checkpoints()] == [3, 4]
    model = state_after(0, seed=1)
    assert checkpoints.read_state(run) == TrainingState(4)
    checkpoints.restore(run, model)
    assert_same_weights(model, state_after(4))


def test_saving_again_replaces(run):
    checkpoints.save(run, state_after(1), TrainingState(1), keep=2)
    checkpoints.save(run, state_after(5), TrainingState(1), keep=2)
    model = state_after(0, seed=1)
    checkpoints.restore(run, model)
    assert int(model.optimizer.iterations) == 5


def test_interrupted_save_leaves_the_one_before(run, monkeypatch):
    checkpoints.save(run, state_after(1), TrainingState(1), keep=1)

    def interrupted(*args, **arrays):
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", interrupted)
    with pytest.raises(KeyboardInterrupt):
        checkpoints.save(run, state_after(2), TrainingState(2), keep=1)
    assert [path.name for path in (run.root / "checkpoints").iterdir()] == ["epoch-0001"]


def test_weights_that_are_not_finite_are_not_saved(run):
    checkpoints.save(run, state_after(1), TrainingState(1), keep=1)
    model = state_after(2)
    model.layers[-1].moving_mean.assign([0.0, np.nan])
    with pytest.raises(UserError) as error:
        checkpoints.save(run, model, TrainingState(2), keep=1)
    assert str(error.value).startswith(f"{run.checkpoint(2)}: is not saved, for weights are not finite any more; ")
    assert [path.name for path in (run.root / "checkpoints").iterdir()] == ["epoch-0001"]


# === The average of the weights, and the loss scale ===


def test_the_average_is_what_is_loaded_and_the_weights_are_what_goes_on(run):
    model = state_after(3, use_ema=True, ema_momentum=0.5)
    raw = model.get_weights()
    checkpoints.save(run, model, TrainingState(1), keep=1)
    assert_equal(model.get_weights(), raw)
    model.load_weights(run.checkpoint(1) / "model.weights.h5")
    average = model.get_weights()
    assert np.abs(average[0] - raw[0]).max() > 0

    other = state_after(0, seed=1, use_ema=True, ema_momentum=0.5)
    checkpoints.restore(run, other)
    assert_equal(other.get_weights(), raw)
    with averaged(other):
        assert_equal(other.get_weights(), average)
    assert_equal(other.get_weights(), raw)


def test_the_average_over_the_steps():
    model = state_after(1, use_ema=True, ema_momentum=0.75)
    weights = [np.array(model.trainable_variables[0])]
    with averaged(model):
        expected = np.array(model.trainable_variables[0])
    for _ in range(3):
        advance(model, 1)
        weights.append(np.array(model.trainable_variables[0]))
        expected = 0.75 * expected + 0.25 * weights[-1]
    with averaged(model):
        np.testing.assert_allclose(model.trainable_variables[0], expected, rtol=1e-5)


def test_the_rate_that_a_callback_has_set_goes_on(run):
    model = state_after(2)
    model.optimizer.learning_rate.assign(0.025)
    checkpoints.save(run, model, TrainingState(1))
    other = state_after(0, seed=1)
    checkpoints.restore(run, other)
    assert float(other.optimizer.learning_rate) == np.float32(0.025)


def test_the_loss_scale_goes_on(run):
    model = state_after(2, loss_scaling=True)
    model.optimizer.loss_scale.scale.assign(8.0)
    checkpoints.save(run, model, TrainingState(1), keep=1)
    other = state_after(0, seed=1, loss_scaling=True)
    checkpoints.restore(run, other)
    assert [float(variable) for variable in other.optimizer.loss_scale.variables] == [8.0, 2.0]


# === Within an epoch ===


def test_one_within_an_epoch_is_kept_until_the_next(run):
    totals = EpochTotals(12, {"loss": 0.1 + 0.2, "kept": 1 / 3}, seconds=1 / 7, waited=1e-9)
    checkpoints.save(run, state_after(1), TrainingState(1), keep=1)
    for steps in (5, 10):
        checkpoints.save(run, state_after(steps), TrainingState(1, steps, totals))
    folders = sorted(path.name for path in (run.root / "checkpoints").iterdir())
    assert folders == ["epoch-0001", "epoch-0001-step-000010"]

    model = state_after(0, seed=1)
    assert checkpoints.read_state(run) == TrainingState(1, 10, totals)  # to the last bit
    checkpoints.restore(run, model)
    assert int(model.optimizer.iterations) == 10
    checkpoints.save(run, state_after(20), TrainingState(2), keep=1)
    assert [path.name for path in (run.root / "checkpoints").iterdir()] == ["epoch-0002"]


@pytest.mark.parametrize("text", ["", "[]", '{"images": 1, "other": 2}'])
def test_damaged_totals(run, text):
    checkpoints.save(run, state_after(1), TrainingState(1), keep=1)
    checkpoints.save(run, state_after(2), TrainingState(1, 5, EpochTotals(3, {"loss": 1.0})))
    (run.checkpoint(1, 5) / "totals.json").write_text(text)
    with pytest.raises(UserError, match=r"epoch-0001-step-000005: cannot be read \(.*delete this folder to resume"):
        checkpoints.read_state(run)


# === Damage ===


def flip_a_bit(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


DAMAGES = {
    "missing": (lambda path: path.unlink(), "{name} is missing"),
    "cut short": (lambda path: path.write_bytes(path.read_bytes()[:200]), "{name} has 200 bytes, not {size}"),
    "one bit": (flip_a_bit, "{name} has another checksum than when it was written"),
}


@pytest.mark.parametrize("name", ["model.weights.h5", "optimizer.npz"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_checkpoint_is_set_aside_and_the_one_before_is_taken(run, name, damage):
    for epochs in (1, 2):
        checkpoints.save(run, state_after(epochs), TrainingState(epochs), keep=2)
    assert checkpoints.set_aside_damaged(run) == []
    path = run.checkpoint(2) / name
    size, (destroy, words) = path.stat().st_size, DAMAGES[damage]
    destroy(path)
    (note,) = checkpoints.set_aside_damaged(run)
    assert note == (
        f"{run.checkpoint(2)}: is damaged ({words.format(name=name, size=size)}), renamed to damaged-epoch-0002; "
        "going on from the checkpoint before"
    )
    assert (run.root / "checkpoints" / "damaged-epoch-0002" / "manifest.json").is_file()
    model = state_after(0, seed=1)
    assert checkpoints.read_state(run) == TrainingState(1)
    checkpoints.restore(run, model)
    assert_same_weights(model, state_after(1))


def test_a_second_damaged_one_of_a_name_is_kept_too(run):
    checkpoints.save(run, state_after(1), TrainingState(1), keep=2)
    for _ in range(2):
        checkpoints.save(run, state_after(2), TrainingState(2), keep=2)
        (run.checkpoint(2) / "manifest.json").write_text("[]")
        (note,) = checkpoints.set_aside_damaged(run)
        assert "is damaged (manifest.json is damaged)" in note
    assert sorted(path.name for path in (run.root / "checkpoints").glob("damaged-*")) == [
        "damaged-epoch-0002",
        "damaged-epoch-0002-2",
    ]


def test_no_whole_checkpoint_does_not_begin_the_run_anew(run):
    checkpoints.save(run, state_after(1), TrainingState(1), keep=2)
    (run.checkpoint(1) / "optimizer.npz").unlink()
    with pytest.raises(UserError) as error:
        checkpoints.set_aside_damaged(run)
    assert str(error.value) == (
        f"{run.root}: every checkpoint is damaged, they are checkpoints/damaged-* now; check the disk, and choose "
        "another --output to begin anew"
    )


def test_a_checkpoint_without_manifest_that_cannot_be_loaded(run):
    checkpoints.save(run, state_after(1), TrainingState(1), keep=2)
    (run.checkpoint(1) / "manifest.json").unlink()
    (run.checkpoint(1) / "model.weights.h5").write_bytes(b"")
    assert checkpoints.set_aside_damaged(run) == []
    with pytest.raises(UserError) as error:
        checkpoints.restore(run, state_after(0))
    message = str(error.value)
    assert message.startswith(f"{run.checkpoint(1)}: cannot be read (")
    assert message.endswith("); delete this folder to resume from the checkpoint before")
    assert "\n" not in message


def test_a_checkpoint_of_the_other_generation_is_not_to_be_deleted(run):
    checkpoints.save(run, state_after(1), TrainingState(1), keep=2)
    ours, theirs = keras.__version__[0], {"2": "3", "3": "2"}[keras.__version__[0]]
    with h5py.File(run.checkpoint(1) / "model.weights.h5", "a") as file:
        if theirs == "3":
            file.require_group("vars").attrs["name"] = "wsfcn"
        else:
            del file["vars"].attrs["name"]
    with pytest.raises(UserError) as error:
        checkpoints.restore(run, state_after(0))
    told = rf"it was written by Keras {theirs}, this is Keras {ours}\.\S+: resume with Keras {theirs}, or begin "
    told += re.escape(f"a new run from its weights, --set training.weights={run.root}")
    assert re.fullmatch(re.escape(f"{run.checkpoint(1)}: ") + told, str(error.value))
