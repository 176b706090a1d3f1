import json
import os

import pytest
import tensorflow as tf
from short_runs import CONFIG as SHORT
from short_runs import SCENES

from wsfcn_tf.data.photos.bad_photos import BadPhotos
from wsfcn_tf.errors import UserError
from wsfcn_tf.runs.checkpoints import TrainingState
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.training import distribution


@pytest.fixture
def strategy():
    return tf.distribute.OneDeviceStrategy("CPU:0")


def test_one_process_writes_where_it_should(strategy, tmp_path):
    run = RunFolder(tmp_path)
    with distribution.writable(run, strategy) as own:
        assert own is run
    assert distribution.gather_texts(strategy, "here") == ["here"]


def test_nothing_is_wrapped_around_the_batches_of_one_cpu():
    """So that a training which ends does not wait for what is."""
    arguments = SHORT, SCENES, SCENES.names("train"), TrainingState(), BadPhotos()
    batches = distribution.distributed_batches(tf.distribute.MirroredStrategy(["CPU:0"]), *arguments)
    assert isinstance(batches, tf.data.Iterator)
    images, tags, names = next(batches)
    assert images.shape[0] == tags.shape[0] == names.shape[0] == SHORT.training.batch_size


class Resolver:
    def __init__(self, jobs, task_type, task_id):
        self.jobs, self.task_type, self.task_id = jobs, task_type, task_id

    def cluster_spec(self):
        return self


class Strategy:
    def __init__(self, *resolver):
        self.cluster_resolver = Resolver(*resolver)


@pytest.mark.parametrize(
    ("jobs", "task", "chief"),
    [
        (["worker"], ("worker", 0), True),
        (["worker"], ("worker", 1), False),
        (["chief", "worker"], ("chief", 0), True),
        (["chief", "worker"], ("worker", 0), False),
        ([], ("", None), True),
    ],
)
def test_who_is_the_chief(jobs, task, chief, tmp_path):
    strategy, run = Strategy(jobs, *task), RunFolder(tmp_path / "run")
    assert distribution.is_chief(strategy) == chief
    with distribution.writable(run, strategy) as own:
        assert (own is run) == chief
        (own.root / "x").parent.mkdir(exist_ok=True)
        (own.root / "x").write_text("")
    assert (run.root / "x").exists() == chief


@pytest.mark.parametrize("text", ["{", "[]", '{"cluster": 3}', '{"cluster": {"worker": 3}}'])
def test_a_cluster_that_cannot_be_read(text, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(UserError, match=r"^TF_CONFIG: is not a cluster in JSON"):
        distribution.open_strategy()


@pytest.mark.parametrize(
    "message",
    [
        "Connection reset by peer\nand more",
        "{{function_node a}} Collective op: Error reported from Connection reset by peer",
        "{{function_node a_device_/job:worker/task:1}} Connection reset by peer",
    ],
)
def test_a_worker_that_has_gone(monkeypatch, message):
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": {"chief": ["a:1"], "worker": ["b:1"]}}))
    with pytest.raises(UserError) as error, distribution.lost_workers():
        raise tf.errors.UnavailableError(None, None, message)
    assert str(error.value) == (
        "another worker has gone (Connection reset by peer); start all of them again with --resume"
    )
    monkeypatch.delenv("TF_CONFIG")
    with pytest.raises(tf.errors.UnavailableError), distribution.lost_workers():
        raise tf.errors.UnavailableError(None, None, "alone")


def test_workers_that_do_not_agree(monkeypatch, strategy):
    monkeypatch.setattr(distribution, "gather_texts", lambda strategy, value: [value, "epoch 2, step 0"])
    with pytest.raises(UserError) as error:
        distribution.check_agreement(strategy, "where the run is", "epoch 1, step 0", "do this")
    assert str(error.value) == (
        "the workers do not agree on where the run is: epoch 1, step 0, epoch 2, step 0; do this"
    )
    distribution.check_agreement(strategy, "where the run is", "epoch 2, step 0", "do this")


@pytest.mark.slow
def test_two_processes_train_one_model_stop_together_and_outlive_a_kill(tmp_path):
    """`benchmarks/workers.py` by its parts: processes of their own, through train.py."""
    from benchmarks.workers import distance, finish, kill_one, last_epoch, start, stop_one

    one, two, stopped, killed = (tmp_path / name for name in ("one", "two", "stopped", "killed"))
    finish(one, start(one, 1))
    finish(two, start(two, 2))
    assert distance(one, two) < 1e-5
    assert (one / "history.csv").read_text().count("\n") == (two / "history.csv").read_text().count("\n") == 5
    assert stop_one(stopped, asked=1) == [os.EX_TEMPFAIL] * 2  # the other one is told, too
    assert 1 <= last_epoch(stopped) < 4
    finish(stopped, start(stopped, 2, resume=True))
    assert distance(two, stopped) < 1e-6
    found = kill_one(killed, victim=1)
    assert found.status != 0
    finish(killed, start(killed, 2, resume=True))
    assert distance(two, killed) < 1e-6
