"""Reaching a cluster, and what is said where there is none."""

import sys
from types import SimpleNamespace

import pytest

from wsfcn_tf.cluster import connection
from wsfcn_tf.cluster.connection import Cluster, Surroundings, connected
from wsfcn_tf.errors import UserError


class Ray(SimpleNamespace):
    """The module, as far as a connection goes."""

    def __init__(self, resources, refuses=None):
        super().__init__(resources=resources, refuses=refuses, options=None, ended=0)

    def is_initialized(self):
        return self.options is not None

    def init(self, address, **options):
        if self.refuses:
            raise self.refuses
        self.options = {"address": address, **options}

    def cluster_resources(self):
        return self.resources

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
    module = ray({"CPU": 6.0})
    with connected(Cluster(workers=2, cpus=3)):
        assert module.options["address"] == "local" and module.options["num_cpus"] == 6
        assert not module.options["include_dashboard"]
    assert module.ended == 1


def test_a_connection_that_is_there_is_used_and_kept(ray):
    module = ray({})
    module.options = {}
    with connected(Cluster(workers=9)) as found:
        assert found is module
    assert module.ended == 0


@pytest.mark.parametrize("what", [{"gpus": 1}, {"cpus": 3}])
def test_a_cluster_that_is_too_small_is_told_at_once(ray, what):
    module = ray({"CPU": 4.0, "memory": 1e9})
    told = r"^--workers 2: they need \d (CPU|GPU)s, and the cluster has [04]; ask for"
    with pytest.raises(UserError, match=told), connected(Cluster(workers=2, address="head:6379", **what)):
        pass
    assert module.options["address"] == "head:6379" and module.ended == 1


@pytest.mark.parametrize("error", [ConnectionError("timed\nout"), ValueError("no port"), RuntimeError("other version")])
def test_no_cluster_at_the_address(ray, error):
    ray({}, error)
    told = r"^--cluster nowhere:1: no Ray cluster answers there \((timed|no|other)"
    with pytest.raises(UserError, match=told), connected(Cluster(workers=1, address="nowhere:1")):
        pass


def test_without_ray(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    told = r"^--workers needs Ray, which is not installed: pip install 'wsfcn-tf\[cluster\]'"
    with pytest.raises(UserError, match=told), connected(Cluster(workers=1)):
        pass


def test_surroundings(tmp_path, monkeypatch):
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    monkeypatch.setenv("TF_CONFIG", "{}")
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    monkeypatch.chdir(tmp_path)
    here = Surroundings.here(Cluster(workers=1, cpus=3))
    assert here.folder == tmp_path
    assert here.environment["TF_NUM_INTRAOP_THREADS"] == "3" and here.environment["TF_ENABLE_ONEDNN_OPTS"] == "0"
    assert "TF_CONFIG" not in here.environment
    assert "TF_NUM_INTRAOP_THREADS" not in Surroundings.here(Cluster(workers=1, gpus=1)).environment
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS")
    monkeypatch.chdir("/")
    here.enter()
    assert connection.os.environ["TF_ENABLE_ONEDNN_OPTS"] == "0" and connection.Path.cwd() == tmp_path
    Surroundings(tmp_path / "elsewhere", {}).enter()  # a machine that does not see the folder
    assert connection.Path.cwd() == tmp_path
