"""`--workers` and what goes with it."""

import argparse

import pytest
from six_photos import one_line

from wsfcn_tf.cluster.connection import Cluster
from wsfcn_tf.commands import cluster_options
from wsfcn_tf.commands.cluster_options import add_cluster_arguments, cluster_of, network_on
from wsfcn_tf.commands.inference_settings import add_crf_argument
from wsfcn_tf.config import CRFConfig, InferenceConfig
from wsfcn_tf.errors import UserError


def asked(*words):
    parser = argparse.ArgumentParser()
    add_crf_argument(parser)
    add_cluster_arguments(parser, with_crf=True)
    arguments = parser.parse_args(words, argparse.Namespace(weights="run", data=None))
    return cluster_of(arguments), arguments


def test_what_is_asked_for(monkeypatch):
    monkeypatch.setattr(cluster_options.os, "cpu_count", lambda: 7)
    assert asked()[0] is None
    assert asked("--workers", "2")[0] == Cluster(2, cpus=3)
    assert asked("--workers", "9")[0] == Cluster(9, cpus=1)
    assert asked("--workers", "2", "--cluster", "auto")[0] == Cluster(2, cpus=1, address="auto")
    words = ("--workers", "4", "--cluster", "head:6379", "--gpus-per-worker", "1", "--cpus-per-worker", "8")
    assert asked(*words)[0] == Cluster(4, 1, 8, "head:6379")
    assert asked(*words, "--crf-cpus", "10")[0] == Cluster(4, 1, 8, "head:6379", 10)


@pytest.mark.parametrize(("words", "processes"), [((), 3), (("--crf-processes", "5"), 5), (("--crf-cpus", "7"), 4)])
def test_how_many_compute_the_crf(words, processes):
    cluster, arguments = asked("--workers", "2", "--cpus-per-worker", "3", *words)
    network = network_on(cluster, arguments, InferenceConfig(crf=CRFConfig(iterations=1)), of_split=False)
    assert (network.threads, network.crf_processes) == (3, processes)


def test_cpus_for_a_crf_that_there_is_not():
    cluster, arguments = asked("--workers", "2", "--crf-cpus", "3")
    with pytest.raises(UserError, match=r"^--crf-cpus: there is no CRF: leave it out, or --set inference\.crf\.iter"):
        network_on(cluster, arguments, InferenceConfig(), of_split=False)


TRAIN = ("train", "--config", "photos_small", "--output", "nowhere")
PREDICT = ("predict", "a.jpg", "--output", "nowhere")
EVALUATE = ("evaluate", "--data", "nowhere")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((*TRAIN, "--workers", "0"), "--workers must be at least 1, not 0"),
        ((*TRAIN, "--workers", "1", "--gpus-per-worker", "-1"), "--gpus-per-worker must be at least 0, not -1"),
        ((*TRAIN, "--workers", "1", "--cpus-per-worker", "0"), "--cpus-per-worker must be at least 1, not 0"),
        ((*TRAIN, "--cluster", "auto"), "--cluster needs --workers N, the number of processes"),
        ((*TRAIN, "--max-failures", "1"), "--max-failures needs --workers N, the number of processes"),
        ((*PREDICT, "--weights", "x", "--gpus-per-worker", "1"), "--gpus-per-worker needs --workers N, "),
        ((*PREDICT, "--weights", "x", "--workers", "2", "--least-certain", "3"), "--least-certain and --workers: "),
        ((*PREDICT, "--weights", "x", "--crf-cpus", "2"), "--crf-cpus needs --workers N, the number of processes"),
        ((*PREDICT, "--weights", "x", "--workers", "2", "--crf-cpus", "0"), "--crf-cpus must be at least 1, not 0"),
        (
            (*PREDICT, "--weights", "x", "--workers", "2", "--crf-cpus", "2", "--crf-processes", "2"),
            "--crf-processes and --crf-cpus: leave out one of them",
        ),
        ((*PREDICT, "--server", "http://x", "--workers", "2"), "--server and --workers: leave out one of them"),
        ((*EVALUATE, "--masks", "x", "--workers", "2"), "--workers: there is no network with --masks: leave it out"),
        ((*EVALUATE, "--weights", "x", "--cpus-per-worker", "2"), "--cpus-per-worker needs --workers N, "),
    ],
)
def test_mistakes(capsys, words, message):
    assert one_line(capsys, *words).startswith(f"error: {message}")
