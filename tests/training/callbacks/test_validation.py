"""Validation by tags, on a network of three convolutions and generated scenes."""

import signal
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from networks import reset_names

from benchmarks.tiny_training import build_tiny
from wsfcn_tf.config import (
    DataConfig,
    ExperimentConfig,
    InferenceConfig,
    ModelConfig,
    ScenesConfig,
    SelfSupervisionConfig,
    TrainingConfig,
)
from wsfcn_tf.data.augmentation.photo_views import central_view
from wsfcn_tf.data.datasets.scenes.scenes import Scenes
from wsfcn_tf.errors import Stopped, UserError
from wsfcn_tf.evaluation.metrics.formulas import mean_average_precision
from wsfcn_tf.evaluation.metrics.tag_health import agreeing_pixels, label_areas, tag_health
from wsfcn_tf.inference.rules import apply_rules, sigmoid, to_labels
from wsfcn_tf.objective.objective import Objective
from wsfcn_tf.ops.normalise import normalise
from wsfcn_tf.runs.epoch_table import read
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.runs.record import read_record
from wsfcn_tf.training import trainer
from wsfcn_tf.training.callbacks import Validation, ValidationSplit, validation
from wsfcn_tf.training.callbacks.validation import is_validated, open_validation_split
from wsfcn_tf.weights import trained

CONFIG = ExperimentConfig(
    model=ModelConfig(from_scratch=True),
    data=DataConfig(format="scenes", crop_size=16, scenes=ScenesConfig(train=8, val=6, size=32)),
    self_supervision=SelfSupervisionConfig(pamr_iterations=1, pamr_dilations=(1,), floor=0.0),
    training=TrainingConfig(epochs=3, pretrain_epochs=1, batch_size=4, panels=0, learning_rate=0.01),
)


class UnmaskedScenes(Scenes):
    def mask(self, name):
        raise AssertionError(f"the mask of {name} was read")


SCENES = UnmaskedScenes(CONFIG.data.scenes)


def with_training(**settings):
    return replace(CONFIG, training=replace(CONFIG.training, **settings))


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    monkeypatch.setattr(trainer, "build_model", build_tiny)
    monkeypatch.setattr(trained, "build_model", build_tiny)


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(1)
    return build_tiny(ModelConfig(num_classes=6))


# === What is measured ===


def areas_and_agreement(model, image):
    """Of one view and its mirror image, by the rules of inference."""
    labels = []
    for view in (image, image[:, ::-1]):
        outputs = {name: value.numpy()[0] for name, value in model(view[None], training=False).items()}
        masks = apply_rules(outputs["masks"], sigmoid(outputs["scores"]) > 0.1, InferenceConfig(background="none"))
        labels.append(to_labels(masks))
    return label_areas(labels[0], 6), agreeing_pixels(labels[0], labels[1][:, ::-1])


@pytest.mark.parametrize(("self_supervision", "offsets"), [(False, None), (True, [1.0, -2.0, 0.5, 3.0, 0.0, -1.0])])
def test_losses_and_map_are_those_of_every_photo_once(model, self_supervision, offsets, monkeypatch):
    # as training with logit_adjustment has it
    monkeypatch.setattr(model, "objective", Objective(score_offsets=offsets), raising=False)
    names = SCENES.names("val")  # 6 of 4 a batch: the last one is filled up
    tags = np.stack([SCENES.tags(name) for name in names])
    model.self_supervision = self_supervision
    callback = Validation(CONFIG, SCENES, ValidationSplit(names, tags))
    callback.set_model(model)
    row = callback.measure()

    views = [central_view(SCENES.image(name), CONFIG.data)[0] for name in names]
    images = normalise(np.stack(views).astype(np.float32) / 255)
    outputs = model(images, training=False)
    objective = Objective(CONFIG.self_supervision, 6, score_offsets=offsets)
    values = objective(tf.constant(images), tf.constant(tags), outputs, self_supervision, 0)
    expected = {name: np.mean(value) for name, value in values.items()}
    areas, agreement = zip(*(areas_and_agreement(model, image) for image in images), strict=True)
    health = tag_health(np.stack(areas), tags, outputs["scores"].numpy(), np.stack(agreement))
    expected |= health.columns()
    assert expected["map"] == mean_average_precision(tags, outputs["scores"].numpy())
    assert list(row) == [*Objective.names, "map", "chance", "stray", "background", "agreement"]
    for name, value in expected.items():
        assert row[name] == pytest.approx(value, abs=1e-5), name
    assert (row["mask"] > 0) == self_supervision


def test_miou_reads_masks_and_only_if_asked(model):
    config = with_training(validate_every=1, validate_miou=True)
    scenes = Scenes(config.data.scenes)
    callback = Validation(config, scenes, ValidationSplit(scenes.names("val"), None))
    callback.set_model(model)
    row = callback.measure()
    assert row.keys() == {"miou"} and 0 <= row["miou"] <= 1
    assert callback.warnings(epoch=1) == []


def test_which_epochs_are_validated():
    config = with_training(epochs=5, validate_every=2)
    assert [epoch for epoch in range(1, 6) if is_validated(config, epoch)] == [2, 4, 5]
    assert not any(is_validated(CONFIG, epoch) for epoch in range(1, 4))


# === What there is to measure by ===


class OnlyMasks(UnmaskedScenes):
    def tags(self, name):
        if name.startswith("val"):
            raise UserError(f"tags.csv: there is no row for {name!r}: its tags are not known")
        return super().tags(name)


def test_tags_are_never_taken_from_masks():
    scenes = OnlyMasks(CONFIG.data.scenes)
    split, notes = open_validation_split(with_training(validate_every=1), scenes, [])
    assert split is None
    (note,) = notes
    assert note.startswith(
        "no losses, mAP and warnings on val, whose tags are not known (masks are not asked): tags.csv: "
    )
    with pytest.raises(UserError, match=r"training.select is map, which needs the tags of val: tags.csv: there is no"):
        open_validation_split(with_training(validate_every=1, select="map"), scenes, [])
    split, _ = open_validation_split(with_training(validate_every=1, validate_miou=True, select="miou"), scenes, [])
    assert split.tags is None and len(split.names) == 6


def test_no_split_and_a_split_that_is_trained_on():
    config = replace(with_training(validate_every=1), data=replace(CONFIG.data, val_split="none"))
    split, notes = open_validation_split(config, SCENES, [])
    assert split is None
    (note,) = notes
    assert note.startswith("no validation, and so no warning of masks that go wrong: ")
    with pytest.raises(UserError):
        open_validation_split(replace(config, training=replace(config.training, select="loss")), SCENES, [])
    _, notes = open_validation_split(with_training(validate_every=1), SCENES, SCENES.names("val")[:2])
    assert notes == [
        "2 of the 6 photos of val are trained on, too: it flatters",
        "val: no warning of masks that go wrong: 6 photos are fewer than 20",
    ]


class Torn(UnmaskedScenes):
    """A photo that cannot be read once it has been read so often."""

    def __init__(self, readable):
        super().__init__(CONFIG.data.scenes)
        self.left = readable

    def image(self, name):
        if name == "val_0003":
            self.left -= 1
            if self.left < 0:
                raise UserError(f"{name}: is torn")
        return super().image(name)


def test_a_photo_that_cannot_be_read_is_refused_before_training():
    line = "^val_0003: is torn; it is one of val, to validate on: mend it, take it out of val, or set "
    for settings in ({}, {"validate_miou": True, "select": "miou"}):
        with pytest.raises(UserError, match=line):
            open_validation_split(with_training(validate_every=3, **settings), Torn(0), [])
    assert open_validation_split(CONFIG, Torn(0), []) == (None, [])


# === Whole runs ===


def train(config, run, dataset=SCENES, **options):
    reset_names()
    return trainer.train(config, dataset, run, **options)


def assert_same_weights(one, other):
    for first, second in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A run without validation."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "build_model", build_tiny)
        run = RunFolder(tmp_path_factory.mktemp("plain"))
        return run, train(CONFIG, run)


def test_validation_changes_no_weight(plain, tmp_path):
    run = RunFolder(tmp_path)
    model = train(with_training(validate_every=1), run)
    assert_same_weights(model, plain[1])
    assert run.history.read_bytes() == plain[0].history.read_bytes()
    assert [row["epoch"] for row in read(run.validation)] == ["1", "2", "3"]
    assert not run.all_best_weights() and not plain[0].validation.exists()


def test_the_selected_epochs_weights_are_the_network_and_stopping_within_validation_changes_nothing(
    plain, tmp_path, monkeypatch
):
    scores, requests = iter([0.1, None, 0.9, 0.5]), []

    def measure(self, real=Validation.measure):
        score = next(scores)
        if score is None:
            requests[-1].requested = signal.SIGTERM
        return real(self) | {"map": score}

    class Stopping(trainer.StopOnSignal):
        def __init__(self, **arguments):
            super().__init__(**arguments)
            requests.append(self)

    monkeypatch.setattr(trainer, "StopOnSignal", Stopping)
    monkeypatch.setattr(Validation, "measure", measure)
    config, run = with_training(validate_every=1, select="map"), RunFolder(tmp_path)
    with pytest.raises(Stopped) as stopped:
        train(config, run)
    assert str(stopped.value) == "SIGTERM: saved after step 2 of 2 of epoch 2; --resume continues"
    assert run.latest_checkpoint()[:2] == (1, 2) and [row["epoch"] for row in read(run.validation)] == ["1"]

    selected = train(config, run, resume=True)
    assert [row["map"] for row in read(run.validation)] == ["0.1", "0.9", "0.5"]
    assert run.all_best_weights() == [run.best_weights(2)]
    assert run.history.read_bytes() == plain[0].history.read_bytes()
    last = build_tiny(selected.config)
    last.load_weights(run.checkpoint(3) / "model.weights.h5")
    assert_same_weights(last, plain[1])
    assert any((a != b).any() for a, b in zip(selected.get_weights(), last.get_weights(), strict=True))
    about = read_record(run.record)[-1]["selected"]
    assert about == {"epoch": 2, "map": 0.9, "with_masks": False}
    assert not trained.load_trained(run.root).is_selected_with_masks
    assert_same_weights(trained.load_trained(run.root).model, selected)


def test_training_ends_with_what_tags_tell_of_the_trained_network(tmp_path, monkeypatch, capsys):
    scores = iter([0.1, 0.9, 0.5])
    monkeypatch.setattr(
        Validation, "measure", lambda self, real=Validation.measure: real(self) | {"map": next(scores, None)}
    )
    told = iter(["of epoch 1", "of epoch 2", "of epoch 3", "of epoch 2, measured again"])
    monkeypatch.setattr(validation, "warnings", lambda health, names: [f"{next(told)}, {len(names)} classes"])
    config, run = with_training(validate_every=1, select="map"), RunFolder(tmp_path)
    train(config, run)
    assert capsys.readouterr().out.endswith("\nwarning: of epoch 2, 6 classes\n")
    assert read_record(run.record)[-1]["warnings"] == ["of epoch 2, 6 classes"]
    train(config, run, resume=True)
    assert capsys.readouterr().out.endswith("warning: of epoch 2, measured again, 6 classes\n")


def test_what_masks_have_chosen_says_so(tmp_path):
    run = RunFolder(tmp_path)
    config = with_training(epochs=2, validate_every=2, validate_miou=True, select="miou")
    train(config, run, dataset=Scenes(config.data.scenes))
    assert read_record(run.record)[-1]["selected"]["with_masks"] is True
    assert trained.load_trained(run.root).is_selected_with_masks
    assert not trained.load_trained(run.checkpoint(2)).is_selected_with_masks


def test_a_validation_photo_that_cannot_be_read_any_more_loses_no_step(tmp_path):
    run, config = RunFolder(tmp_path), with_training(validate_every=1)
    with pytest.raises(UserError, match="val_0003: is torn"):
        train(config, run, dataset=Torn(1))
    assert run.latest_checkpoint()[:2] == (0, 2)
    assert read_record(run.record)[-1]["outcome"] == "failed: val_0003: is torn"
