"""`--workers` and what goes with it."""

import argparse

import pytest
from six_photos import one_line

from wsfcn_tf.cluster.connection import Cluster
from wsfcn_tf.commands import cluster_options
from wsfcn_tf.commands.cluster_options import add_cluster_arguments, cluster_of


def asked(*words):
    parser = argparse.ArgumentParser()
    add_cluster_arguments(parser)
    return cluster_of(parser.parse_args(words))


def test_what_is_asked_for(monkeypatch):
    monkeypatch.setattr(cluster_options.os, "cpu_count", lambda: 7)
    assert asked() is None
    assert asked("--workers", "2") == Cluster(2, cpus=3)
    assert asked("--workers", "9") == Cluster(9, cpus=1)
    assert asked("--workers", "2", "--cluster", "auto") == Cluster(2, cpus=1, address="auto")
    words = ("--workers", "4", "--cluster", "head:6379", "--gpus-per-worker", "1", "--cpus-per-worker", "8")
    assert asked(*words) == Cluster(4, 1, 8, "head:6379")


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
        ((*PREDICT, "--server", "http://x", "--workers", "2"), "--server and --workers: leave out one of them"),
        ((*EVALUATE, "--masks", "x", "--workers", "2"), "--workers: there is no network with --masks: leave it out"),
        ((*EVALUATE, "--weights", "x", "--cpus-per-worker", "2"), "--cpus-per-worker needs --workers N, "),
    ],
)
def test_mistakes(capsys, words, message):
    assert one_line(capsys, *words).startswith(f"error: {message}")
