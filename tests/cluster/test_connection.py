"""Reaching a cluster, and what is said where there is none."""

import sys
from types import SimpleNamespace

import pytest
from fake_ray import FakeRay, RayError

from wsfcn_tf.cluster import connection
from wsfcn_tf.cluster.connection import Cluster, Surroundings, connected
from wsfcn_tf.errors import UserError


class Ray(SimpleNamespace):
    """The module, as far as a connection goes."""

    exceptions = FakeRay.exceptions

    def __init__(self, resources, refuses=None):
        super().__init__(resources=resources, refuses=refuses, options=None, ended=0)

    def is_initialized(self):
        return self.options is not None

    def init(self, address, **options):
        if self.refuses:
            raise self.refuses
        self.options = {"address": address, **options}

    def nodes(self):
        return [{"Alive": alive, "Resources": resources} for alive, resources in self.resources]

    def shutdown(self):
        self.ended += 1


@pytest.fixture
def ray(monkeypatch):
    def install(*arguments):
        module = Ray(*arguments)
        monkeypatch.setattr(connection, "_library", lambda: module)
        return module

    return install


def test_without_a_cluster_this_machine_is_one(ray, monkeypatch):
    monkeypatch.setattr(connection.os, "cpu_count", lambda: 2)
    module = ray([(True, {"CPU": 6.0})])
    with connected(Cluster(workers=2, cpus=3)):
        assert module.options["address"] == "local" and module.options["num_cpus"] == 6
        assert not module.options["include_dashboard"]
    assert module.ended == 1


def test_a_connection_that_is_there_is_used_and_kept(ray):
    module = ray([])
    module.options = {}
    with connected(Cluster(workers=9)) as found:
        assert found is module
    assert module.ended == 0


MACHINES = [(True, {"CPU": 4.0, "GPU": 1.0}), (True, {"CPU": 4.0}), (False, {"CPU": 99.0, "GPU": 8.0})]


@pytest.mark.parametrize(
    ("what", "each", "room"),
    [({"gpus": 1}, "1 CPUs and 1 GPUs", 1), ({"cpus": 5}, "5 CPUs", 0), ({"gpus": 2}, "1 CPUs and 2 GPUs", 0)],
)
def test_a_cluster_that_is_too_small_is_told_at_once(ray, what, each, room):
    module = ray(MACHINES)
    told = f"^--workers 2: with {each} each, 2 machines have room for {room}: ask for fewer workers, or"
    with pytest.raises(UserError, match=told), connected(Cluster(workers=2, address="head:6379", **what)):
        pass
    assert module.options["address"] == "head:6379" and module.ended == 1


def test_a_cluster_that_is_large_enough(ray):
    ray(MACHINES)
    with connected(Cluster(workers=4, cpus=2, address="head:6379")):
        pass


@pytest.mark.parametrize("error", [ConnectionError("timed\nout"), ValueError("no port"), RuntimeError("other version")])
def test_no_cluster_at_the_address(ray, error):
    ray([], error)
    told = r"^--cluster nowhere:1: no Ray cluster answers there \((timed|no|other)"
    with pytest.raises(UserError, match=told), connected(Cluster(workers=1, address="nowhere:1")):
        pass


class AuthenticationError(RayError):
    pass


@pytest.mark.parametrize("cause", [None, RuntimeError("Last error: ray.exceptions.AuthenticationError: no token")])
def test_a_head_that_asks_for_a_token(ray, cause):
    error = ConnectionError("Failed to connect") if cause else AuthenticationError("no token")
    error.__cause__ = cause
    ray([], error)
    told = (
        r"^--cluster head:1: its head asks for a token: copy the head's ~/.ray/auth_token to this machine, and set RAY"
    )
    with pytest.raises(UserError, match=told), connected(Cluster(workers=1, address="head:1")):
        pass


def test_without_ray(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    told = r"^--workers needs Ray, which is not installed: pip install 'wsfcn-tf\[cluster\]'"
    with pytest.raises(UserError, match=told), connected(Cluster(workers=1)):
        pass


def test_surroundings(tmp_path, monkeypatch):
    monkeypatch.setattr(connection.os, "environ", {**connection.os.environ})
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    monkeypatch.setenv("TF_CONFIG", "{}")
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    monkeypatch.chdir(tmp_path)
    here = Surroundings.here(Cluster(workers=1, cpus=3))
    assert here.folder == tmp_path
    assert here.environment["TF_NUM_INTRAOP_THREADS"] == "3" and here.environment["TF_ENABLE_ONEDNN_OPTS"] == "0"
    assert "TF_CONFIG" not in here.environment
    assert here.environment["CUDA_VISIBLE_DEVICES"] == "-1"
    with_gpu = Surroundings.here(Cluster(workers=1, gpus=1)).environment
    assert not {"TF_NUM_INTRAOP_THREADS", "CUDA_VISIBLE_DEVICES"} & with_gpu.keys()
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS")
    monkeypatch.chdir("/")
    here.enter()
    assert connection.os.environ["TF_ENABLE_ONEDNN_OPTS"] == "0" and connection.Path.cwd() == tmp_path
    Surroundings(tmp_path / "elsewhere", {}).enter()  # a machine that does not see the folder
    assert connection.Path.cwd() == tmp_path


def test_what_workers_leave_must_do_for_the_crf(ray):
    module = ray(MACHINES)
    with connected(Cluster(workers=2, cpus=3, crf_cpus=2)):
        pass
    module.options = None
    told = r"^--crf-cpus 3: of the cluster's 8 CPUs, 2 workers take 6: ask for fewer$"
    with pytest.raises(UserError, match=told), connected(Cluster(workers=2, cpus=3, crf_cpus=3)):
        pass
