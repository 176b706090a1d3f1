"""Whole runs on a handful of scenes. Slow, as tests go: a run compiles each of its two kinds of step."""

import filecmp
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from short_runs import CONFIG, SCENES, train, with_training

from benchmarks.tiny_training import build_tiny
from wsfcn_tf.errors import Stopped, UserError
from wsfcn_tf.runs import epoch_table
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.training import continue_from, trainer
from wsfcn_tf.training.experiment import resolve

pytestmark = pytest.mark.usefixtures("few_weights")


@pytest.fixture
def tiny(monkeypatch):
    """A network of three convolutions, for what does not depend on which network it is."""
    monkeypatch.setattr(trainer, "build_model", build_tiny)


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
    expected = model.backbone.applications_layers()
    for name, layer in started.backbone.applications_layers().items():
        for value, other in zip(layer.get_weights(), expected[name].get_weights(), strict=True):
            np.testing.assert_allclose(value, other, atol=1e-6, err_msg=name)


def test_half_precision_computes_in_it_and_keeps_weights_in_float32(tiny, tmp_path):
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


def interrupting(epoch, step=0):
    """A callback of the user's that ends the process, as Ctrl-C would, before a step of an epoch."""

    class Interrupting(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.epoch = epoch

        def on_train_batch_begin(self, batch, logs=None):
            if (self.epoch, batch) == (epoch, step):
                raise KeyboardInterrupt

    return Interrupting()


def test_resuming_continues_exactly(tiny, tmp_path):
    whole, run = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "run")
    model = train(CONFIG, SCENES, whole)
    with pytest.raises(KeyboardInterrupt):
        train(CONFIG, SCENES, run, callbacks=[interrupting(epoch=1)])
    assert [epochs for epochs, _ in run.checkpoints()] == [1]
    assert not run.weights.exists()

    resumed = train(CONFIG, SCENES, run, resume=True)
    assert_same_weights(resumed, model)
    assert steps_done(resumed) == 4
    assert run.history.read_bytes() == whole.history.read_bytes()


def test_resuming_within_an_epoch_continues_exactly(finished, tmp_path):
    run, config = RunFolder(tmp_path), with_training(checkpoint_every=1)
    with pytest.raises(KeyboardInterrupt):
        train(config, SCENES, run, callbacks=[interrupting(epoch=0, step=1)])
    assert run.latest_checkpoint()[:2] == (0, 1) and not run.history.exists()

    # with another number of workers, and no more checkpoints within epochs
    resumed = train(replace(CONFIG, data=replace(CONFIG.data, workers=1)), SCENES, run, resume=True)
    assert_same_weights(resumed, finished[1])
    assert run.history.read_bytes() == finished[0].history.read_bytes()
    assert not run.checkpoints_within()


def test_epochs_that_are_no_passes_are_resumed_exactly(tiny, tmp_path):
    config, whole, run = (
        with_training(steps_per_epoch=3, checkpoint_every=1),
        RunFolder(tmp_path / "1"),
        RunFolder(tmp_path / "2"),
    )
    model = train(config, SCENES, whole)  # six steps, of three passes
    for place in ((1, 0), (1, 2)):
        with pytest.raises(KeyboardInterrupt):
            train(config, SCENES, run, resume=True, callbacks=[interrupting(*place)])
    resumed = train(config, SCENES, run, resume=True)
    assert_same_weights(resumed, model)
    assert steps_done(resumed) == 6
    assert run.history.read_bytes() == whole.history.read_bytes()


def test_who_is_asked_elsewhere_stops_before_the_first_step(tiny, tmp_path):
    with pytest.raises(Stopped, match=r"^SIGINT: nothing is lost, the run is where it was, after 0 epochs and 0 steps"):
        train(CONFIG, SCENES, RunFolder(tmp_path), asked_to_stop=lambda: "SIGINT")


def test_resuming_a_finished_run_changes_nothing(finished):
    run, model = finished
    assert_same_weights(train(CONFIG, SCENES, run, resume=True), model)


def test_fewer_photos_than_when_the_checkpoint_was_saved(tmp_path):
    run = RunFolder(tmp_path)
    run.create(resolve(CONFIG, SCENES, run), SCENES.class_names)
    run.checkpoint(1, 3).mkdir(parents=True)
    assert refusal(CONFIG, run, resume=True) == (
        f"{run.checkpoint(1, 3)}: was saved after 3 steps of an epoch that now has 2, because there are fewer photos; "
        "delete this folder to resume from the checkpoint before"
    )


def test_several_networks_resume_exactly(tmp_path):
    settings = with_training(ema=0.9, checkpoint_every=1, pretrain_epochs=0)
    config = replace(settings, model=replace(CONFIG.model, networks=2))
    whole, run = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "run")
    model = train(config, SCENES, whole)
    with pytest.raises(KeyboardInterrupt):
        train(config, SCENES, run, callbacks=[interrupting(epoch=1, step=1)])
    assert_same_weights(train(config, SCENES, run, resume=True), model)
    assert run.history.read_bytes() == whole.history.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_resuming_continues_exactly_with_everything_on(optimizer, tmp_path):
    config = replace(
        with_training(
            optimizer=optimizer,
            schedule="cosine",
            warmup_epochs=0.5,
            ema=0.9,
            accumulation_steps=2,
            precision="float16",
            checkpoint_every=1,
        ),
        model=replace(CONFIG.model, backbone="wide_resnet38", width=0.125, from_scratch=False, rematerialise=True),
        self_supervision=replace(CONFIG.self_supervision, ramp_epochs=1),
    )
    whole, run = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "run")
    model = train(config, SCENES, whole)

    with pytest.raises(KeyboardInterrupt):
        train(config, SCENES, run, callbacks=[interrupting(epoch=1, step=1)])
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
    message = f"{run.root}: holds another experiment ({difference}); choose another --output, or go on as it began"
    assert refusal(with_training(learning_rate=0.5), run, resume) == message


def test_too_few_images(tmp_path):
    run = RunFolder(tmp_path / "run")
    message = "there are 5 training images, fewer than one batch of 6: lower training.batch_size"
    assert refusal(with_training(batch_size=6), run) == message
    assert not run.root.exists()


def test_other_number_of_classes(tmp_path):
    run = RunFolder(tmp_path / "run")
    message = "model.num_classes is 20, but the data has 6 classes; leave it out"
    assert refusal(replace(CONFIG, model=replace(CONFIG.model, num_classes=20)), run) == message
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
    continue_from(earlier, run, config, SCENES)
    assert run.read()[0].training.learning_rate == 0.5
    assert run.history.read_bytes() == earlier.history.read_bytes()
    assert run.speed.read_bytes() == earlier.speed.read_bytes()
    assert_same_weights(train(config, SCENES, run, resume=True), model)
    continue_from(RunFolder(tmp_path / "none"), run, config, SCENES)  # has begun: nothing is done


def test_continuing_a_run_without_checkpoints(tmp_path):
    earlier, run = RunFolder(tmp_path / "earlier"), RunFolder(tmp_path / "run")
    with pytest.raises(UserError) as error:
        continue_from(earlier, run, CONFIG, SCENES)
    assert str(error.value) == f"{earlier.root}: no checkpoint to continue from"


def test_continuing_a_run_in_several_rounds(finished, tmp_path):
    earlier, _ = finished
    in_rounds = [replace(CONFIG, self_supervision=replace(CONFIG.self_supervision, rounds=n)) for n in (2, "tags")]
    with pytest.raises(UserError) as error:
        continue_from(earlier, RunFolder(tmp_path / "run"), in_rounds[0], SCENES)
    assert str(error.value) == (
        f"self_supervision.rounds is 2: a round begins anew and cannot continue {earlier.root}; set it to 1"
    )
    assert not (tmp_path / "run").exists()
    continue_from(earlier, RunFolder(tmp_path / "other"), in_rounds[1], SCENES)  # which had one round, of these photos
    assert RunFolder(tmp_path / "other").read()[0].self_supervision.rounds == 1
