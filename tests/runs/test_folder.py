import re
from dataclasses import replace

import pytest

from wsfcn_tf.config import DataConfig, ExperimentConfig, ModelConfig, ScenesConfig, TrainingConfig
from wsfcn_tf.errors import UserError
from wsfcn_tf.runs.folder import RunFolder

CONFIG = ExperimentConfig(
    model=ModelConfig(num_classes=2, dilations=(1, 2, 3, 4)),
    data=DataConfig(format="scenes", scenes=ScenesConfig(size=48)),
    training=TrainingConfig(epochs=3, learning_rate=1e-2),
)
NAMES = ("cat", "dog")


@pytest.fixture
def run(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.check(CONFIG, NAMES, resume=False)
    folder.create(CONFIG, NAMES)
    return folder


def refusal(run, config=CONFIG, names=NAMES, resume=False):
    with pytest.raises(UserError) as error:
        run.check(config, names, resume)
    return str(error.value)


def test_remembers_the_experiment(run):
    assert RunFolder(run.root).is_run
    assert RunFolder(run.root).read() == (CONFIG, NAMES)


def test_names_that_are_missing(run):
    (run.root / "classes.txt").unlink()
    with pytest.raises(UserError, match=r"classes\.txt: there is no such file"):
        run.read()


def test_an_empty_folder_is_free_with_resume_too_and_checking_writes_nothing(tmp_path):
    RunFolder(tmp_path).check(CONFIG, NAMES, resume=True)
    assert not list(tmp_path.iterdir())


def test_same_experiment_again(run):
    assert refusal(run) == (f"{run.root}: this run has begun; add --resume to continue it, or choose another --output")
    run.check(CONFIG, NAMES, resume=True)


def test_what_changes_no_result_may_differ(run):
    other = replace(
        CONFIG,
        data=replace(CONFIG.data, workers=3),
        training=replace(CONFIG.training, checkpoint_every=100, validate_every=1),
    )
    run.check(other, NAMES, resume=True)


def test_what_an_epoch_is_selected_among_may_not(tmp_path):
    run = RunFolder(tmp_path / "run")
    selecting = replace(CONFIG, training=replace(CONFIG.training, select="loss", validate_every=1))
    run.create(selecting, NAMES)
    other = replace(selecting, training=replace(selecting.training, validate_every=2))
    assert "its training.validate_every is 1, not 2" in refusal(run, other, resume=True)


@pytest.mark.parametrize("resume", [False, True])
@pytest.mark.parametrize(
    ("config", "names", "difference"),
    [
        (replace(CONFIG, training=replace(CONFIG.training, epochs=4)), NAMES, "its training.epochs is 3, not 4"),
        (
            replace(CONFIG, data=replace(CONFIG.data, scenes=ScenesConfig(size=64))),
            NAMES,
            "its data.scenes.size is 48, not 64",
        ),
        (CONFIG, ("cat", "cow"), "its classes are cat, dog"),
    ],
)
def test_another_experiment(run, resume, config, names, difference):
    assert refusal(run, config, names, resume) == (
        f"{run.root}: holds another experiment ({difference}); choose another --output, or go on as it began"
    )
    assert run.read() == (CONFIG, NAMES)


def test_folder_of_something_else(tmp_path):
    (tmp_path / "holiday.jpg").touch()
    assert refusal(RunFolder(tmp_path)) == (
        f"{tmp_path}: the folder is not empty and holds no run; choose another --output"
    )


def test_reading_what_is_no_run(tmp_path):
    with pytest.raises(UserError) as error:
        RunFolder(tmp_path / "none").read()
    assert not RunFolder(tmp_path / "none").is_run
    assert str(error.value) == f"{tmp_path / 'none'}: not a training run's folder, there is no config.yaml in it"


def test_reading_a_folder_of_runs_names_them(tmp_path):
    for name, told in (("a/first", "{} below it is"), ("b", "{} and {} below it are")):
        RunFolder(tmp_path / name).create(ExperimentConfig(), ("cat",))
        below = [str(run.root) for run in RunFolder(tmp_path).runs_below()]
        with pytest.raises(UserError, match=re.escape(f"in it; {told.format(*below)}") + "$"):
            RunFolder(tmp_path).read()
    assert below == [str(tmp_path / "a" / "first"), str(tmp_path / "b")]


# === Weights ===


def test_checkpoints_by_epoch(run):
    assert run.checkpoints() == []
    for epochs in (12, 2, 9):
        run.checkpoint(epochs).mkdir(parents=True)
    assert run.checkpoints() == [(epochs, run.root / "checkpoints" / f"epoch-{epochs:04d}") for epochs in (2, 9, 12)]


def test_latest_weights(run):
    with pytest.raises(UserError) as error:
        run.latest_weights()
    assert str(error.value) == f"{run.root}: no weights yet, the run has not finished an epoch"
    for epochs in (1, 2):
        run.checkpoint(epochs).mkdir(parents=True)
    assert run.latest_weights() == run.checkpoint(2) / "model.weights.h5"
    run.weights.touch()
    assert run.latest_weights() == run.root / "model.weights.h5"


def test_checkpoints_within_an_epoch_come_after_its_begin(run):
    assert run.latest_checkpoint() is None
    places = [(2, 0), (2, 40), (2, 900), (3, 0), (3, 7), (10, 0), (10, 5)]
    for epochs, steps in [(10, 5), *places]:
        run.checkpoint(epochs, steps).mkdir(parents=True, exist_ok=True)
        assert run.latest_checkpoint() == (10, 5, run.root / "checkpoints" / "epoch-0010-step-000005")
    (run.root / "checkpoints" / "epoch-0011-copy").mkdir()  # a person's, not a run's
    assert [epochs for epochs, _ in run.checkpoints()] == [2, 3, 10]
    within = ["epoch-0002-step-000040", "epoch-0002-step-000900", "epoch-0003-step-000007", "epoch-0010-step-000005"]
    assert [folder.name for folder in run.checkpoints_within()] == within
    assert run.latest_weights() == run.checkpoint(10, 5) / "model.weights.h5"
