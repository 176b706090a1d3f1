"""The dense CRF as tasks of a cluster."""

from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from fake_ray import FakeRay, RayError, RayTaskError

from wsfcn_tf.cluster import crf, labelling
from wsfcn_tf.cluster.connection import Surroundings
from wsfcn_tf.cluster.crf import ClusterCPUs, reserved
from wsfcn_tf.cluster.labelling import Network, Worker
from wsfcn_tf.config import CRFConfig, ExperimentConfig, InferenceConfig
from wsfcn_tf.errors import UserError
from wsfcn_tf.inference.prediction import Prediction
from wsfcn_tf.inference.rules import NetworkOutput, to_prediction
from wsfcn_tf.inference.stream import CRFPool, Photo, with_crf_pool

CONFIG = InferenceConfig(background="none", presence_threshold=0.0, crf=CRFConfig(iterations=2))


class Tasks:
    """The module, as far as tasks go: the numbers of those that are lost are given."""

    exceptions = FakeRay.exceptions

    def __init__(self, lost=()):
        self.lost, self.options, self.begun = lost, [], 0

    def remote(self, **options):
        self.options.append(options)
        return lambda function: SimpleNamespace(remote=lambda *arguments: self.run(function, *arguments))

    def run(self, function, *arguments):
        self.begun += 1
        future = Future()
        if self.begun in self.lost:
            future.set_exception(RayError("its machine is gone\nand more"))
        else:
            try:
                future.set_result(function(*arguments))
            except Exception as error:
                future.set_exception(RayTaskError(error))
        return SimpleNamespace(future=lambda: future)


@pytest.fixture
def tasks(monkeypatch):
    scheduling = SimpleNamespace(PlacementGroupSchedulingStrategy=lambda group: ("on", group))

    def install(*lost):
        module = Tasks(lost)
        modules = {"ray": module, "ray.util.scheduling_strategies": scheduling}
        monkeypatch.setattr(crf, "import_module", modules.__getitem__)
        return module

    return install


def test_a_task_takes_one_of_the_reserved_cpus(tasks):
    module = tasks()
    assert ClusterCPUs("group").submit(divmod, 7, 3).result() == (2, 1)
    assert module.options == [{"num_cpus": 1, "max_retries": 0, "scheduling_strategy": ("on", "group")}]


def test_cpus_are_reserved_until_the_end():
    removed = []
    util = SimpleNamespace(
        placement_group=lambda bundles, strategy: (bundles, strategy), remove_placement_group=removed.append
    )
    with reserved(SimpleNamespace(util=util), 3) as group:
        assert group == ([{"CPU": 1}] * 3, "PACK") and not removed
    assert removed == [group]
    with reserved(SimpleNamespace(), 0) as group:
        assert group is None


def test_a_task_raises_what_its_function_raises(tasks):
    tasks()
    with pytest.raises(ZeroDivisionError):
        ClusterCPUs("group").submit(divmod, 1, 0).result()


def test_a_task_that_is_lost_is_a_process_that_died(tasks):
    tasks(1)
    with pytest.raises(BrokenProcessPool, match=r"^its machine is gone$"):
        ClusterCPUs("group").submit(divmod, 1, 1).result()


class Colours:
    """A predictor whose masks are the photo's colours."""

    config = CONFIG

    def by_rules(self, image, tags) -> Prediction:
        return to_prediction(NetworkOutput(np.float32(image) / 255, np.zeros(2, np.float32)), CONFIG, tags)


def predictions(count, start):
    rng = np.random.default_rng(0)
    photos = [Photo(str(i), rng.integers(0, 256, (9 + i, 12, 3), dtype=np.uint8)) for i in range(count)]
    with CRFPool(CONFIG.crf, 2, *start) as pool:
        predict = with_crf_pool(Colours(), pool, threads=1)
        return [prediction for half in (photos[::2], photos[1::2]) for _, prediction in predict(half)]


def test_one_pool_serves_many_calls_and_a_lost_task_changes_nothing(tasks):
    module = tasks(4)
    for one, other in zip(predictions(6, [ClusterCPUs]), predictions(6, []), strict=True):
        np.testing.assert_array_equal(one.masks, other.masks)
    assert module.begun == 6 + 1


def test_a_photo_whose_task_is_lost_again_is_named(tasks):
    tasks(*range(9))
    with pytest.raises(UserError, match=r"^0: the CRF's process died twice on this photo"):
        predictions(2, [ClusterCPUs])


def test_a_worker_computes_it_where_it_is_told_to(tasks, monkeypatch, capsys):
    """Whose own processes would come to the same."""
    module = tasks()
    trained = SimpleNamespace(in_precision=lambda name: SimpleNamespace(model=name), config=ExperimentConfig())
    monkeypatch.setattr(labelling, "load_trained", lambda path: trained)
    monkeypatch.setattr(labelling, "Predictor", lambda model, config: Colours())
    monkeypatch.setattr(labelling, "spawned", lambda processes: pytest.fail("started processes"))
    worker = Worker(Network("run", CONFIG, crf_processes=2), Surroundings(Path("nowhere"), {}), "group")
    photos = [Photo("a", np.zeros((8, 9, 3), np.uint8)), Photo("b", np.full((8, 9, 3), 99, np.uint8))]
    assert len(worker.predict(photos)) == len(worker.predict(photos)) == module.begun // 2 == 2
    printed = capsys.readouterr().out  # shown by the command that has the workers
    assert printed.startswith("warning: a: is 9x8 and looked at 0.02 times as large") and printed.count("warning") == 1
    assert len(module.options) == 1  # one pool serves both calls
