"""Masks and runs that belong in a store."""

import time
from pathlib import Path

import numpy as np
import pytest

from wsfcn_tf.cluster import stores
from wsfcn_tf.cluster.stores import StoredMasks, fetched, folder_of, run_of
from wsfcn_tf.errors import UserError
from wsfcn_tf.files.remote import Remote
from wsfcn_tf.inference.outputs import RECORD, MasksAndOverlays, WithProbabilities
from wsfcn_tf.inference.photos import Job
from wsfcn_tf.inference.prediction import Prediction
from wsfcn_tf.runs.checkpoints import recover
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.runs.manifest import write_manifest

IMAGE = np.zeros((4, 5, 3), np.uint8)
PREDICTION = Prediction(np.ones((4, 5), np.uint8), np.float32([0.9]), np.ones((4, 5, 2), np.float32))


@pytest.fixture
def remote(tmp_path):
    return Remote(f"file://{tmp_path}/store")


# === Masks ===


@pytest.mark.parametrize("probabilities", [False, True])
def test_masks_go_to_the_store_and_are_found_there(remote, probabilities):
    with folder_of(remote.url) as folder:
        (folder / RECORD).write_text("{}")
        files = WithProbabilities(MasksAndOverlays()) if probabilities else MasksAndOverlays()
        output = StoredMasks(files, folder, remote, probabilities)
        job = Job(folder / "b" / "a.png", "a.jpg", lambda: IMAGE)
        assert not output.is_done(job)
        output.write(job, IMAGE, PREDICTION)
        assert [path.name for path in folder.rglob("*") if path.is_file()] == [RECORD]
    expected = ["b/a.png", "b/a_overlay.jpg", *(["b/a.npz"] if probabilities else [])]
    assert remote.names() == sorted([*expected, RECORD])

    with folder_of(remote.url) as folder:
        assert (folder / RECORD).read_text() == "{}"
        job = Job(folder / "b" / "a.png", "a.jpg", lambda: IMAGE)
        assert StoredMasks(files, folder, remote, probabilities).is_done(job)
        assert not StoredMasks(files, folder, remote, True).is_done(job) or probabilities


def test_a_folder_of_this_machine_is_itself(tmp_path):
    with folder_of(str(tmp_path)) as folder:
        assert folder == tmp_path
    with run_of(str(tmp_path), writes=True) as run:
        assert run == str(tmp_path)
    assert fetched("runs/mine") == "runs/mine"


def test_a_trained_network_is_fetched(remote, tmp_path):
    (tmp_path / "x").write_text("x")
    for name in ("config.yaml", "classes.txt"):
        remote.write(name, tmp_path / "x")
    with pytest.raises(UserError, match=r"store/model.weights.h5: there is no such file"):
        fetched(remote.url)
    remote.write("model.weights.h5", tmp_path / "x")
    assert sorted(path.name for path in Path(fetched(remote.url)).iterdir()) == [
        "classes.txt",
        "config.yaml",
        "model.weights.h5",
    ]


# === Runs ===


def checkpoint(folder, epoch):
    path = RunFolder(folder).checkpoint(epoch)
    path.mkdir(parents=True, exist_ok=True)
    for name in ("model.weights.h5", "optimizer.npz"):
        (path / name).write_text(f"{name} {epoch}")
    write_manifest(path)


def test_a_run_is_copied_while_it_goes_on_and_found_again(remote, monkeypatch):
    monkeypatch.setattr(stores, "_SECONDS", 0.01)
    with run_of(remote.url, writes=True) as folder:
        checkpoint(folder, 1)
        (Path(folder) / "lock").touch()
        (Path(folder) / ".partial-1-history.csv").touch()
        while "checkpoints/epoch-0001/optimizer.npz" not in remote.names():
            time.sleep(0.01)
        checkpoint(folder, 2)
        stores.shutil.rmtree(RunFolder(folder).checkpoint(1))
        (Path(folder) / "history.csv").write_text("2")
    expected = [f"checkpoints/epoch-0002/{name}" for name in ("manifest.json", "model.weights.h5", "optimizer.npz")]
    assert remote.names() == [*expected, "history.csv"]

    with run_of(remote.url, writes=False) as folder:
        assert (Path(folder) / "history.csv").read_text() == "2"
        (Path(folder) / "history.csv").write_text("a worker that is not the chief")
    assert remote.read("history.csv") == b"2"


def test_what_was_written_before_an_error_is_there(remote):
    with pytest.raises(KeyError), run_of(remote.url, writes=True) as folder:
        (Path(folder) / "record.json").write_text("{}")
        raise KeyError
    assert remote.names() == ["record.json"]


def test_half_a_checkpoint_is_known_as_such(remote, monkeypatch):
    """The process is killed, or the store fails, at any file of the second one."""
    with run_of(remote.url, writes=True) as folder:
        checkpoint(folder, 1)
    write = Remote.write
    for last in range(3):
        written = []

        def failing(self, name, source):
            if len(written) == last:
                raise UserError("gone")
            written.append(name)
            write(self, name, source)

        with monkeypatch.context() as patch, pytest.raises(UserError, match="gone"):
            patch.setattr(Remote, "write", failing)
            with run_of(remote.url, writes=True) as folder:
                checkpoint(folder, 2)
        with run_of(remote.url, writes=False) as folder:
            recover(RunFolder(folder))
            assert RunFolder(folder).latest_checkpoint()[:2] == (1, 0)


def test_a_store_that_is_away_for_a_while(remote, monkeypatch, capsys):
    monkeypatch.setattr(stores, "_SECONDS", 0.01)
    with run_of(remote.url, writes=True) as folder, monkeypatch.context() as patch:
        patch.setattr(Remote, "write", lambda *_: (_ for _ in ()).throw(UserError("s3://b: cannot be reached")))
        (Path(folder) / "history.csv").write_text("1")
        while "s3://b: cannot be reached; it is tried again" not in capsys.readouterr().out:
            time.sleep(0.01)
    assert remote.names() == ["history.csv"]
