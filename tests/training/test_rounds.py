"""Trainings that follow one another: what each learns from, and that an interrupted one goes on to the same network."""

import json
import os
import shutil
import signal
from dataclasses import asdict, replace

import keras
import numpy as np
import pytest
from short_runs import CONFIG as SHORT
from short_runs import SCENES, train

from benchmarks.tiny_training import build_tiny
from wsfcn_tf.config import InferenceConfig
from wsfcn_tf.data.masks.png import read_mask, write_mask
from wsfcn_tf.errors import Stopped, UserError
from wsfcn_tf.inference.predictor import Predictor
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.training import rounds, trainer
from wsfcn_tf.training.callbacks import StopOnSignal
from wsfcn_tf.weights import trained

pytestmark = pytest.mark.usefixtures("few_weights")

INFERENCE = InferenceConfig(scales=(1, 1.5), background="power", background_value=2, grab_cut=1)
# of the trained network, not of the masks between rounds
AT_THE_END = {"window_scales": (3,), "window_side": 32, "grab_cut_margin": 4.0}
ONCE = replace(SHORT, training=replace(SHORT.training, panels=0), inference=replace(INFERENCE, **AT_THE_END))

TWICE = replace(ONCE, self_supervision=replace(ONCE.self_supervision, rounds=2))


@pytest.fixture(autouse=True)
def tiny_networks(monkeypatch):
    for module in (trainer, trained):
        monkeypatch.setattr(module, "build_model", build_tiny)


@pytest.fixture(scope="module")
def two_rounds(tmp_path_factory):
    """The folder and the weights of a training of two rounds."""
    run = RunFolder(tmp_path_factory.mktemp("rounds") / "run")
    with pytest.MonkeyPatch.context() as patch:
        for module in (trainer, trained):
            patch.setattr(module, "build_model", build_tiny)
        return run, train(TWICE, SCENES, run).get_weights()


def assert_same(weights, others):
    for one, other in zip(weights, others, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_round_learns_from_what_the_network_before_makes_of_photos_and_tags(two_rounds, tmp_path):
    run, weights = two_rounds
    by_hand = RunFolder(tmp_path / "first")
    predict = Predictor(train(ONCE, SCENES, by_hand), replace(INFERENCE, classes="tags"))
    at_the_end = replace(INFERENCE, classes="tags", **AT_THE_END)
    predict_at_the_end = Predictor(trained.load_trained(by_hand.root).model, at_the_end)
    masks, differ = tmp_path / "masks", False
    for name in SCENES.names("train"):
        photo = SCENES.image(name), SCENES.tags(name)
        labels = predict(*photo).labels
        differ |= np.any(predict_at_the_end(*photo).labels != labels)
        np.testing.assert_array_equal(
            read_mask(run.round(1).pseudo_masks / f"{name}.png", len(SCENES.class_names)), labels
        )
        write_mask(masks / f"{name}.png", labels)
    assert differ
    made_with = json.loads((run.round(1).pseudo_masks / "prediction.json").read_text())["inference"]
    changed = {key for key, value in json.loads(json.dumps(asdict(at_the_end))).items() if made_with[key] != value}
    assert changed == {"window_scales", "grab_cut_margin"}
    data = replace(ONCE.data, pseudo_masks={str(masks): "hard"})
    second = train(replace(ONCE, data=data), SCENES, RunFolder(tmp_path / "second"))
    assert_same(weights, second.get_weights())
    assert any(np.any(one != other) for one, other in zip(weights, predict_weights(by_hand), strict=True))


def predict_weights(run):
    return trained.load_trained(run.root).model.get_weights()


def test_rounds_before_the_last_have_one_network(tmp_path):
    several, run = replace(TWICE, model=replace(TWICE.model, networks=2)), RunFolder(tmp_path / "run")
    train(several, SCENES, run)
    assert run.read()[0].model.networks == 2
    assert run.round(1).read()[0].model.networks == 1
    train(several, SCENES, run, resume=True)  # of which nothing is another experiment


class Interrupted(Exception):
    """In the place of a kill."""


class InterruptAfterAnEpoch(keras.callbacks.Callback):
    """Ends a training when its first epoch has been saved."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1:
            raise Interrupted


def test_an_interrupted_training_goes_on_in_every_part(two_rounds, tmp_path, monkeypatch):
    run, config = RunFolder(tmp_path / "run"), TWICE
    with pytest.raises(Interrupted):  # in the first round
        train(config, SCENES, run, callbacks=[InterruptAfterAnEpoch()])
    written = []

    def write(path, labels):
        if len(written) == 2:
            raise Interrupted
        written.append(path)
        write_mask(path, labels)

    with monkeypatch.context() as patch, pytest.raises(Interrupted):  # between the rounds
        patch.setattr(rounds, "write_mask", write)
        train(config, SCENES, run, resume=True)
    assert len(written) == 2
    assert not run.is_run
    times = {path: path.stat().st_mtime_ns for path in written}
    with pytest.raises(Interrupted):  # in the second round
        train(config, SCENES, run, resume=True, callbacks=[InterruptAfterAnEpoch()])
    assert times == {path: path.stat().st_mtime_ns for path in written}
    assert run.is_run
    assert_same(train(config, SCENES, run, resume=True).get_weights(), two_rounds[1])


def test_a_run_that_was_moved_goes_on_and_its_config_is_anyones(two_rounds, tmp_path):
    run, weights = two_rounds
    assert run.read()[0].data.pseudo_masks is None  # which another training would take for masks of its own
    moved = RunFolder(shutil.copytree(run.root, tmp_path / "moved"))
    assert_same(train(TWICE, SCENES, moved, resume=True).get_weights(), weights)


class OneTagEach(type(SCENES)):
    """Scenes of which the first class is tagged alone, if any is."""

    def tags(self, name):
        tags = super().tags(name)
        return tags * (np.cumsum(tags) == 1)


def test_rounds_by_tags_go_on_as_they_began(tmp_path, capsys):
    config = replace(
        ONCE,
        model=replace(ONCE.model, networks=2),
        self_supervision=replace(ONCE.self_supervision, rounds="tags"),
    )
    run, scenes = RunFolder(tmp_path), OneTagEach(ONCE.data.scenes)
    with pytest.raises(Interrupted):
        train(config, scenes, run, callbacks=[InterruptAfterAnEpoch()])
    weights = train(config, scenes, run, resume=True).get_weights()
    assert run.read()[0].self_supervision.rounds == 2
    capsys.readouterr()
    assert_same(train(config, scenes, run, resume=True).get_weights(), weights)
    line = "what the config leaves to tags came to: self_supervision.rounds 2, model.networks 1"
    assert capsys.readouterr().out.splitlines()[0] == line


class SignalAfterTheLastStep(keras.callbacks.Callback):
    """Asks a training to stop that has nothing left to do."""

    def on_train_end(self, logs=None):
        os.kill(os.getpid(), signal.SIGTERM)


def test_a_signal_at_the_end_of_a_round_stops_before_the_next(tmp_path):
    run = RunFolder(tmp_path)
    with pytest.raises(Stopped, match=r"^SIGTERM: the round is trained; --resume continues$"):
        train(TWICE, SCENES, run, callbacks=[SignalAfterTheLastStep()])
    assert run.round(1).weights.is_file()
    assert not list(run.round(1).pseudo_masks.glob("*.png"))


def test_a_signal_between_the_rounds_stops_after_a_mask(two_rounds, tmp_path, monkeypatch):
    def write(path, labels):
        write_mask(path, labels)
        os.kill(os.getpid(), signal.SIGTERM)

    copy, number = without_masks(two_rounds[0].round(1), tmp_path), len(SCENES.names("train"))
    before = signal.getsignal(signal.SIGTERM)
    for written in (1, 2):
        with monkeypatch.context() as patch, pytest.raises(Stopped) as stopped:
            patch.setattr(rounds, "write_mask", write)
            rounds.make_pseudo_masks(copy, SCENES, ONCE, StopOnSignal())
        assert str(stopped.value) == f"SIGTERM: {written} of {number} pseudo masks are written; --resume continues"
        assert len(list(copy.pseudo_masks.glob("*.png"))) == written
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_run_that_has_begun_needs_resume(two_rounds):
    with pytest.raises(UserError, match="this run has begun; add --resume"):
        train(TWICE, SCENES, two_rounds[0])


def test_a_first_round_of_before_is_taken_up_only_as_what_it_is(two_rounds, tmp_path):
    run = RunFolder(tmp_path)
    run.round(1).root.mkdir()
    without_masks(two_rounds[0].round(1), run.round(1).root)
    with pytest.raises(UserError, match="this run has begun; add --resume"):
        train(TWICE, SCENES, run)
    longer = replace(TWICE, training=replace(TWICE.training, epochs=3))
    with pytest.raises(UserError, match=r"holds another experiment \(its training\.epochs is 2, not 3\)"):
        train(longer, SCENES, run, resume=True)
    assert not run.is_run


def test_a_folder_that_is_not_free_is_refused_before_the_first_round(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(UserError, match="the folder is not empty and holds no run"):
        train(TWICE, SCENES, RunFolder(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


class OneName(type(SCENES)):
    """Two photos whose masks would have one name."""

    def names(self, split):
        return [*super().names(split), "one.jpg", "one.png"]


def test_photos_of_one_name_are_refused_before_the_first_round(tmp_path):
    run = RunFolder(tmp_path / "run")
    with pytest.raises(
        UserError, match=r"^one\.jpg and one\.png would both be written to .*one\.png: rename one of them"
    ):
        train(TWICE, OneName(SHORT.data.scenes), run)
    assert not run.root.exists()


def test_several_processes_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(rounds, "several_workers", lambda: True)
    with pytest.raises(UserError, match=r"several self_supervision\.rounds are for one process"):
        train(TWICE, SCENES, RunFolder(tmp_path))


class Unreadable(type(SCENES)):
    """Scenes of which one cannot be read, but while a network is trained."""

    def image(self, name):
        if name == "train_0001":
            raise UserError(f"{name}: is damaged")
        return super().image(name)


def without_masks(run, folder):
    """A trained run, but for its masks of the photos."""
    for name in ("config.yaml", "classes.txt", "model.weights.h5"):
        (folder / name).write_bytes((run.root / name).read_bytes())
    return RunFolder(folder)


def test_photos_that_cannot_be_read_have_no_mask_or_end_it(two_rounds, tmp_path):
    scenes, copy = Unreadable(ONCE.data.scenes), without_masks(two_rounds[0].round(1), tmp_path)
    with pytest.raises(UserError, match=r"^train_0001: is damaged$"):
        rounds.make_pseudo_masks(copy, scenes, ONCE, StopOnSignal())
    skip = replace(ONCE, data=replace(ONCE.data, on_bad_image="skip"))
    rounds.make_pseudo_masks(copy, scenes, skip, StopOnSignal())
    there = {path.stem for path in copy.pseudo_masks.glob("*.png")}
    assert there == set(scenes.names("train")) - {"train_0001"}


class Untagged(type(SCENES)):
    """Scenes of which one has no tags, as where a complete mask says what it shows."""

    def tags(self, name):
        if name == "train_0002":
            raise UserError(f"{name}: its tags are not known")
        return super().tags(name)


def test_masks_of_another_network_are_not_mixed_in(two_rounds, tmp_path):
    copy = without_masks(two_rounds[0].round(1), tmp_path)
    rounds.make_pseudo_masks(copy, SCENES, ONCE, StopOnSignal())
    without_masks(two_rounds[0], tmp_path)
    with pytest.raises(UserError, match=r"made with weights_sha256 .*, or delete .*pseudo_masks, and training makes"):
        rounds.make_pseudo_masks(copy, SCENES, ONCE, StopOnSignal())


def test_a_photo_without_tags_needs_no_mask(two_rounds, tmp_path):
    scenes, copy = Untagged(ONCE.data.scenes), without_masks(two_rounds[0].round(1), tmp_path)
    rounds.make_pseudo_masks(copy, scenes, ONCE, StopOnSignal())
    assert {path.stem for path in copy.pseudo_masks.glob("*.png")} == set(scenes.names("train")) - {"train_0002"}
