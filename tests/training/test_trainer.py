"""Whole runs on a handful of scenes. Slow, as tests go: a run compiles each of its two kinds of step."""

import filecmp
from dataclasses import replace
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from networks import CONFIG as MODEL

from wsfcn_tf import epoch_table
from wsfcn_tf.config import DataConfig, ExperimentConfig, ScenesConfig, SelfSupervisionConfig, TrainingConfig
from wsfcn_tf.data.scenes import Scenes
from wsfcn_tf.errors import UserError
from wsfcn_tf.run_folder import RunFolder
from wsfcn_tf.training import checkpoints, trainer
from wsfcn_tf.weights.name_map import WIDE_RESNET38
from wsfcn_tf.weights.torch_state_dict import variables_of

CONFIG = ExperimentConfig(
    model=replace(MODEL, num_classes=None, from_scratch=True),
    data=DataConfig(format="scenes", crop_size=32, scenes=ScenesConfig(train=5, val=1, size=48)),
    self_supervision=SelfSupervisionConfig(pamr_iterations=1, pamr_dilations=(1,)),
    training=TrainingConfig(epochs=2, pretrain_epochs=1, batch_size=2, keep_checkpoints=1, panels=1),
)


class UnmaskedScenes(Scenes):
    """Training may not look at a mask."""

    def mask(self, name):
        raise AssertionError(f"the mask of {name} was read")


SCENES = UnmaskedScenes(CONFIG.data.scenes)


def train(*arguments, **options):
    """Training as in a process of its own.

    Keras numbers layers without a name over all models of a process, and TensorFlow's graph optimiser orders sums by
    name: without a reset, a second run differs from the first in the last bits.
    """
    keras.backend.clear_session()
    return trainer.train(*arguments, **options)


def with_training(**settings):
    return replace(CONFIG, training=replace(CONFIG.training, **settings))


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """An uninterrupted run and its model."""
    run = RunFolder(tmp_path_factory.mktemp("finished"))
    return run, train(CONFIG, SCENES, run)


# === A run ===


def steps_done(model):
    return int(tf.convert_to_tensor(model.optimizer.iterations))


def test_what_a_run_leaves(finished):
    run, model = finished
    assert [epochs for epochs, _ in run.checkpoints()] == [2]  # keep_checkpoints is 1
    assert filecmp.cmp(run.weights, run.checkpoint(2) / "model.weights.h5", shallow=False)
    assert list(run.tensorboard.iterdir())
    assert [row["epoch"] for row in epoch_table.read(run.history)] == ["1", "2"]
    for row in epoch_table.read(run.speed):
        assert float(row["images_per_second"]) > 0 and 0 < float(row["wait"]) < 1
    assert not run.bad_images.exists()
    config, names = run.read()
    assert config == replace(CONFIG, model=replace(CONFIG.model, num_classes=6))
    assert names == SCENES.class_names
    assert int(tf.convert_to_tensor(model.optimizer.iterations)) == 2 * 2  # the fifth scene of each epoch is left over


def test_a_cam_classifier_that_starts_from_a_file(finished, tmp_path):
    run, model = finished
    config = replace(
        with_training(weights=str(run.weights), epochs=1, learning_rate=1e-12, panels=0),
        model=replace(CONFIG.model, head="cam", from_scratch=False),
    )
    started = train(config, SCENES, RunFolder(tmp_path / "run"))
    assert steps_done(started) == 2
    expected = variables_of(model, WIDE_RESNET38)
    for name, value in variables_of(started, WIDE_RESNET38).items():
        np.testing.assert_allclose(value, expected[name], atol=1e-6, err_msg=name)


def test_half_precision_computes_in_it_and_keeps_weights_in_float32(tmp_path):
    run = RunFolder(tmp_path)
    model = train(with_training(precision="bfloat16", epochs=1, pretrain_epochs=0), SCENES, run)
    assert model.head.block1.conv.compute_dtype == "bfloat16"
    assert {tf.as_dtype(weight.dtype) for weight in model.weights} == {tf.float32}
    outputs = model(tf.zeros([1, 32, 32, 3]), training=False)
    assert {value.dtype for value in outputs.values()} == {tf.float32}
    (row,) = epoch_table.read(run.history)
    assert np.isfinite(float(row["loss"])) and float(row["mask"]) >= 0


def test_weights_file_is_the_returned_model(finished):
    run, model = finished
    other = trainer.build_model(model.config)
    other.load_weights(run.weights)
    assert_same_weights(other, model)


def assert_same_weights(one, other):
    for first, second in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_resuming_continues_exactly(finished, tmp_path, monkeypatch):
    def save_and_stop(*arguments, save=checkpoints.save):
        save(*arguments)
        raise KeyboardInterrupt

    run = RunFolder(tmp_path)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(checkpoints, "save", save_and_stop)
        train(CONFIG, SCENES, run)
    assert [epochs for epochs, _ in run.checkpoints()] == [1]
    assert not run.weights.exists()

    resumed = train(CONFIG, SCENES, run, resume=True)
    assert_same_weights(resumed, finished[1])
    assert steps_done(resumed) == 4
    assert run.history.read_bytes() == finished[0].history.read_bytes()


def test_resuming_within_an_epoch_continues_exactly(finished, tmp_path, monkeypatch):
    def save_and_stop(*arguments, save=checkpoints.save_within):
        save(*arguments)
        raise KeyboardInterrupt

    run, config = RunFolder(tmp_path), with_training(checkpoint_every=1)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(checkpoints, "save_within", save_and_stop)
        train(config, SCENES, run)
    assert run.latest_checkpoint()[:2] == (0, 1) and not run.history.exists()

    # with another number of workers, and no more checkpoints within epochs
    resumed = train(replace(CONFIG, data=replace(CONFIG.data, workers=1)), SCENES, run, resume=True)
    assert_same_weights(resumed, finished[1])
    assert run.history.read_bytes() == finished[0].history.read_bytes()
    assert not run.checkpoints_within()


def test_resuming_a_finished_run_changes_nothing(finished):
    run, model = finished
    assert_same_weights(train(CONFIG, SCENES, run, resume=True), model)


def test_fewer_photos_than_when_the_checkpoint_was_saved(tmp_path):
    run = RunFolder(tmp_path)
    run.claim(trainer.resolve(CONFIG, SCENES), SCENES.class_names)
    run.checkpoint(1, 3).mkdir(parents=True)
    assert refusal(CONFIG, run, resume=True) == (
        f"{run.checkpoint(1, 3)}: was saved after 3 steps of an epoch that now has 2, because there are fewer photos; "
        "delete this folder to resume from the checkpoint before"
    )


@pytest.mark.slow
def test_resuming_continues_exactly_with_everything_on(tmp_path, monkeypatch):
    config = replace(
        with_training(
            schedule="cosine", warmup_epochs=0.5, ema=0.9, accumulation_steps=2, precision="float16", checkpoint_every=1
        ),
        model=replace(CONFIG.model, from_scratch=False, rematerialise=True),
        self_supervision=replace(CONFIG.self_supervision, ramp_epochs=1),
    )
    whole, run = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "run")
    model = train(config, SCENES, whole)

    def save_and_stop(run, model, optimizer, position, save=checkpoints.save_within):
        save(run, model, optimizer, position)
        if position.epochs == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(checkpoints, "save_within", save_and_stop)
        train(config, SCENES, run)
    assert run.latest_checkpoint()[:2] == (1, 1)
    assert_same_weights(train(config, SCENES, run, resume=True), model)
    assert run.history.read_bytes() == whole.history.read_bytes()
    with np.load(whole.checkpoint(2) / "optimizer.npz") as one, np.load(run.checkpoint(2) / "optimizer.npz") as other:
        for name in one:  # momenta, averages, steps, and the loss scale
            np.testing.assert_array_equal(other[name], one[name])
    average, raw = (trainer.build_model(model.config) for _ in range(2))
    average.load_weights(run.checkpoint(2) / "model.weights.h5")
    raw.load_weights(run.checkpoint(2) / "raw.weights.h5")
    assert_same_weights(average, model)
    assert (np.asarray(raw.head.classifier.kernel) != np.asarray(average.head.classifier.kernel)).any()


def test_the_step_is_traced_once_before_and_once_after_the_switch(tmp_path, monkeypatch):
    steps = []

    def compile_cheap_step(strategy, model, compile_step=trainer.compile_step):
        cheap = SimpleNamespace(update=lambda images, tags, _: {"loss": tf.reduce_mean(images, axis=[1, 2, 3])})
        steps.append(compile_step(strategy, cheap))
        return steps[0]

    monkeypatch.setattr(trainer, "compile_step", compile_cheap_step)
    train(with_training(epochs=4, panels=0), SCENES, RunFolder(tmp_path))
    assert steps[0].experimental_get_tracing_count() == 2


def test_the_next_step_is_dispatched_before_values_are_read(tmp_path, monkeypatch):
    """And no checkpoint is written before its step's values were."""
    events = []

    class Value:
        def __init__(self, step):
            self.step = step

        def numpy(self):
            events.append(f"read {self.step}")
            return np.ones(2)

    def compile_cheap_step(strategy, model):
        numbers = iter(range(1, 5))

        def step(images, tags, self_supervision):
            number = next(numbers)
            events.append(f"step {number}")
            return {"loss": Value(number)}

        return step

    monkeypatch.setattr(trainer, "compile_step", compile_cheap_step)
    monkeypatch.setattr(checkpoints, "save", lambda *_: events.append("save"))
    train(with_training(panels=0), SCENES, RunFolder(tmp_path))
    one_epoch = ["step 1", "step 2", "read 1", "read 2", "save"]
    assert events == [*one_epoch, "step 3", "step 4", "read 3", "read 4", "save"]


# === Photos that cannot be read ===


class TornScene(UnmaskedScenes):
    """One scene cannot be read."""

    def image(self, name):
        if name == "train_0003":
            raise UserError(f"{name}: is torn")
        return super().image(name)


def test_a_bad_photo_is_replaced_and_listed(tmp_path, monkeypatch, capsys):
    def compile_cheap_step(strategy, model):
        return lambda images, tags, self_supervision: {"loss": tf.ones(2)}

    monkeypatch.setattr(trainer, "compile_step", compile_cheap_step)
    run = RunFolder(tmp_path)
    config = replace(with_training(panels=0, epochs=3), data=replace(CONFIG.data, on_bad_image="skip"))
    train(config, TornScene(CONFIG.data.scenes), run)
    assert run.bad_images.read_text() == "train_0003\ttrain_0003: is torn\n"
    line = f"1 of 5 photos cannot be read, others replace them: {run.bad_images}\n"
    assert line in capsys.readouterr().out


# === A loss that is not finite ===


def test_loss_that_is_not_finite_names_the_images(tmp_path, monkeypatch):
    def compile_poisoned_step(strategy, model):
        return lambda images, tags, self_supervision: {"loss": tf.constant([1.0, np.nan])}

    monkeypatch.setattr(trainer, "compile_step", compile_poisoned_step)
    names = SCENES.names("train")
    first, second = (names[index] for index in np.random.default_rng([0, 0]).permutation(5)[:2])  # seed 0, epoch 0
    run = RunFolder(tmp_path)
    with pytest.raises(UserError) as error:
        train(CONFIG, SCENES, run)
    assert str(error.value) == (
        f"the loss is not finite in epoch 1 on {first}, {second} (!); lower training.learning_rate, or check them"
    )
    assert not run.checkpoints() and not run.weights.exists()


# === Mistakes, before anything is computed ===


def refusal(config, run, resume=False):
    with pytest.raises(UserError) as error:
        train(config, SCENES, run, resume=resume)
    return str(error.value)


def test_folder_of_the_same_experiment(finished):
    run, _ = finished
    message = f"{run.root}: this run has begun; add --resume to continue it, or choose another --output"
    assert refusal(CONFIG, run) == message


@pytest.mark.parametrize("resume", [False, True])
def test_folder_of_another_experiment(finished, resume):
    run, _ = finished
    difference = "its training.learning_rate is 0.001, not 0.5"
    message = f"{run.root}: holds another experiment ({difference}); choose another --output"
    assert refusal(with_training(learning_rate=0.5), run, resume) == message


def test_too_few_images(tmp_path):
    run = RunFolder(tmp_path / "run")
    message = "there are 5 training images, fewer than one batch of 6: lower training.batch_size"
    assert refusal(with_training(batch_size=6), run) == message
    assert not run.root.exists()


def test_other_number_of_classes(tmp_path):
    run = RunFolder(tmp_path / "run")
    message = "model.num_classes is 20, but the data has 6 classes; leave it out"
    assert refusal(replace(CONFIG, model=replace(MODEL, num_classes=20)), run) == message
    assert not run.root.exists()


def test_weights_that_are_not_there_leave_the_folder_free(tmp_path):
    run = RunFolder(tmp_path / "run")
    config = with_training(weights=str(tmp_path / "none.weights.h5"))
    assert refusal(config, run).startswith("training.weights: ")
    assert not run.root.exists()


# === Going on from another run ===


def test_continuing_another_run(finished, tmp_path):
    earlier, model = finished
    run = RunFolder(tmp_path / "longer")
    config = with_training(epochs=2, learning_rate=0.5)  # no epoch is left to train
    trainer.continue_from(earlier, run, config, SCENES)
    assert run.read()[0].training.learning_rate == 0.5
    assert run.history.read_bytes() == earlier.history.read_bytes()
    assert run.speed.read_bytes() == earlier.speed.read_bytes()
    assert_same_weights(train(config, SCENES, run, resume=True), model)
    trainer.continue_from(RunFolder(tmp_path / "none"), run, config, SCENES)  # has begun: nothing is done


def test_continuing_a_run_without_checkpoints(tmp_path):
    earlier, run = RunFolder(tmp_path / "earlier"), RunFolder(tmp_path / "run")
    with pytest.raises(UserError) as error:
        trainer.continue_from(earlier, run, CONFIG, SCENES)
    assert str(error.value) == f"{earlier.root}: no checkpoint to continue from"
