"""The commands on a Ray of two machines, both of which are this one: slow, and only where Ray is installed."""

import os
import signal
import threading
import time
from importlib.util import find_spec

import numpy as np
import pytest
from PIL import Image

from benchmarks.cluster_hosts import titled
from benchmarks.run_equality import arrays
from benchmarks.workers import SETTINGS, finish, start
from wsfcn_tf.__main__ import main
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.runs.record import read_record

pytestmark = [pytest.mark.slow, pytest.mark.skipif(find_spec("ray") is None, reason="needs requirements-cluster.txt")]

PHOTOS = 40
CRASH = b"this photo makes the decoder crash"
# what every process of Python imports as it starts, the workers among them
SITE = f"""
import os
import cv2

decode = cv2.imdecode


def crashing(data, flags):
    if {CRASH!r} in data.tobytes():
        os.abort()
    return decode(data, flags)


cv2.imdecode = crashing
"""


@pytest.fixture(scope="module")
def machines(tmp_path_factory):
    """Two nodes of one CPU, connected."""
    import ray
    from ray.cluster_utils import Cluster

    site = tmp_path_factory.mktemp("site")
    (site / "sitecustomize.py").write_text(SITE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])]))
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        cluster.add_node(num_cpus=1)
        ray.init(cluster.address, logging_level="error", log_to_driver=False)
        yield cluster
        ray.shutdown()
        cluster.shutdown()


def kill_when(title, ready):
    """Kills a process of a title as soon as `ready()`; returns what to wait for."""

    def watch():
        while not ready():
            time.sleep(0.01)
        os.kill(titled(title)[0], signal.SIGKILL)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


def train(folder, *options):
    config = folder.with_suffix(".yaml")
    config.write_text("{}\n")
    words = [word for setting in SETTINGS for word in ("--set", setting)]
    return main(["train", "--config", str(config), "--output", str(folder), *words, "--workers", "2", *options])


@pytest.fixture(scope="module")
def run(machines, tmp_path_factory):
    """Trained on both machines, one worker of which was killed within an epoch."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    killed = kill_when("ray::RayTrainWorker", lambda: (folder / "checkpoints" / "epoch-0001").is_dir())
    assert train(folder) == 0
    killed.join()
    return folder


def test_a_training_is_that_of_two_processes_and_a_kill_changes_nothing(run, tmp_path):
    outcomes = [start["outcome"] for start in read_record(RunFolder(run).record)]
    assert len(outcomes) == 2 and outcomes[-1] == "finished"
    plain = tmp_path / "plain"
    finish(plain, start(plain, 2))
    expected = arrays(plain / "model.weights.h5")
    for name, value in arrays(run / "model.weights.h5").items():
        np.testing.assert_array_equal(value, expected[name])
    assert (run / "history.csv").read_bytes() == (plain / "history.csv").read_bytes()


def test_a_signal_to_the_command_has_all_workers_save_and_stop(run, tmp_path, capsys):
    """After a step or an epoch, as it comes: an epoch has more steps than workers let pass between two questions."""
    stopped = tmp_path / "run"
    options = ("--set", "data.scenes.train=100", "--set", "training.epochs=2", "--set", "training.pretrain_epochs=2")

    def watch():
        while not (stopped / "history.csv").exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=watch, daemon=True)
    before = signal.getsignal(signal.SIGTERM)
    thread.start()
    assert train(stopped, *options) == 75
    thread.join()
    assert signal.getsignal(signal.SIGTERM) is before
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert told.startswith("SIGTERM: saved after ") and told.endswith("; --resume continues")
    assert train(stopped, *options, "--resume") == 0
    assert train(tmp_path / "plain", *options) == 0
    assert (stopped / "history.csv").read_bytes() == (tmp_path / "plain" / "history.csv").read_bytes()
    expected = arrays(tmp_path / "plain" / "model.weights.h5")
    for name, value in arrays(stopped / "model.weights.h5").items():
        np.testing.assert_array_equal(value, expected[name])


def test_a_mistake_ends_it_as_it_ends_a_process(run, capsys):
    assert train(run) == 2
    assert capsys.readouterr().err.strip().splitlines()[-1] == (
        f"error: {run}: this run has begun; add --resume to continue it, or choose another --output"
    )
    assert train(run, "--resume") == 0  # it had ended, and nothing is left to do


def test_a_mistake_that_one_worker_meets_ends_the_other_too(machines, tmp_path, capsys):
    """A photo of its part of a batch is cut short."""
    photos = tmp_path / "photos"
    photos.mkdir()
    rng = np.random.default_rng(0)
    for number in range(8):
        Image.fromarray(rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)).save(photos / f"{number}.png")
    (photos / "5.png").write_bytes((photos / "5.png").read_bytes()[:-200])
    rows = [f"{number}.png,{('cat', 'dog')[number % 2]}" for number in range(8)]
    (photos / "tags.csv").write_text("\n".join(["image,tags", *rows, ""]))
    words = [word for key in ("format=tagged", f"root={photos}") for word in ("--set", f"data.{key}")]
    assert train(tmp_path / "run", *words) == 2
    (error,) = (line for line in capsys.readouterr().err.splitlines() if line.startswith("error: "))
    assert str(photos / "5.png") in error


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A folder of photos, of which one cannot be read and one makes the decoder crash."""
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for number in range(PHOTOS):
        size = (40, 40 + number % 3)
        Image.fromarray(rng.integers(0, 256, (*size, 3), dtype=np.uint8)).save(folder / f"{number:03}.png")
    (folder / "broken.png").write_bytes(b"no photo")
    with (folder / "020.png").open("ab") as file:
        file.write(CRASH)
    return folder


def predict(capsys, photos, run, output, *options):
    status = main(["predict", str(photos), "--weights", str(run), "--output", str(output), *options])
    return status, capsys.readouterr()


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_labelling_is_predict_and_leaves_out_what_cannot_be_read(run, photos, tmp_path, capsys):
    output = tmp_path / "masks"
    killed = kill_when("ray::Worker", lambda: len(list(output.glob("*.png"))) > 4)
    status, told = predict(capsys, photos, run, output, "--workers", "2", "--save-probabilities")
    killed.join()
    (error,) = (line for line in told.err.splitlines() if line.startswith("error: "))
    assert status == 2 and error.startswith(f"error: 2 of {PHOTOS + 1} photos left out, all others done: ")
    assert f"{photos / '020.png'}: each worker that was given it has died (" in error and "broken.png" in error

    for bad in ("020.png", "broken.png"):
        (photos / bad).rename(tmp_path / bad)
    status, told = predict(capsys, photos, run, tmp_path / "plain", "--save-probabilities")
    assert status == 0
    assert files(output).keys() == files(tmp_path / "plain").keys()
    for name, data in files(tmp_path / "plain").items():
        assert data == files(output)[name] or name.endswith(".npz")
    for path in (tmp_path / "plain").glob("*.npz"):
        with np.load(path) as expected, np.load(output / path.name) as found:
            np.testing.assert_array_equal(found["masks"], expected["masks"])

    (output / "003.png").unlink()
    status, told = predict(capsys, photos, run, output, "--workers", "2", "--save-probabilities", "--resume")
    assert status == 0 and f"{PHOTOS - 2} of {PHOTOS - 1} photos are done already" in told.out
    assert files(output).keys() == files(tmp_path / "plain").keys()


def test_the_dense_crf_on_other_cpus_is_predict(run, photos, tmp_path, capsys):
    """One CPU is the worker's, on one of the nodes; the other one's computes the CRF."""
    some = [str(photos / f"{number:03}.png") for number in range(6)]
    words = ["--weights", str(run), "--set", "inference.crf.iterations=2", "--set", "inference.presence_threshold=0"]
    assert main(["predict", *some, *words, "--output", str(tmp_path / "plain")]) == 0
    options = ("--workers", "1", "--cpus-per-worker", "1", "--crf-cpus", "1")
    assert main(["predict", *some, *words, "--output", str(tmp_path / "masks"), *options]) == 0
    assert "left out" not in capsys.readouterr().out
    assert len(files(tmp_path / "plain")) == 13 and files(tmp_path / "plain") == files(tmp_path / "masks")


def test_evaluating_is_evaluate(run, tmp_path, capsys):
    words = ["evaluate", "--weights", str(run), "--split", "val"]
    assert main([*words, "--output", str(tmp_path / "plain")]) == 0
    plain = capsys.readouterr().out
    assert main([*words, "--output", str(tmp_path / "shared"), "--workers", "2"]) == 0
    shared = capsys.readouterr().out
    assert plain.replace("plain", "shared") == shared
    assert (tmp_path / "plain" / "metrics.json").read_bytes() == (tmp_path / "shared" / "metrics.json").read_bytes()
