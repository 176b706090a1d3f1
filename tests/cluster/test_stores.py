"""Masks and runs that belong in a store."""

import re
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from wsfcn_tf.cluster import stores
from wsfcn_tf.cluster.stores import StoredMasks, fetched, folder_of, run_of
from wsfcn_tf.errors import LostWorker, UserError
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
    with fetched("runs/mine") as run:
        assert run == "runs/mine"


def test_a_trained_network_is_fetched(remote, tmp_path):
    (tmp_path / "x").write_text("x")
    for name in ("config.yaml", "classes.txt"):
        remote.write(name, tmp_path / "x")
    with pytest.raises(UserError, match=r"store/model.weights.h5: there is no such file"), fetched(remote.url):
        pass
    remote.write("model.weights.h5", tmp_path / "x")
    with fetched(remote.url) as folder:
        found = sorted(path.name for path in Path(folder).iterdir())
    assert found == ["classes.txt", "config.yaml", "model.weights.h5"] and not Path(folder).exists()
    for name in ("record.json", "training_data.jsonl"):
        remote.write(name, tmp_path / "x")
        with fetched(remote.url) as folder:
            assert (Path(folder) / name).read_text() == "x"


# === Runs ===


def wait_for(what):
    end = time.monotonic() + 120
    while not what():
        assert time.monotonic() < end
        time.sleep(0.01)


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
        wait_for(lambda: "checkpoints/epoch-0001/manifest.json" in remote.names())
        checkpoint(folder, 2)
        shutil.rmtree(RunFolder(folder).checkpoint(1))
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


@pytest.mark.parametrize("before", [0, 1])
def test_half_a_checkpoint_is_none(remote, monkeypatch, before):
    """The process is killed, or the store fails, at any file of the next one."""
    monkeypatch.setattr(stores, "_PAUSES", ())
    for epoch in range(1, before + 1):
        with run_of(remote.url, writes=True) as folder:
            checkpoint(folder, epoch)
    write = Remote.write
    for last in range(3):
        written = []

        def failing(self, name, source):
            if len(written) == last:
                raise UserError("gone")
            written.append(name)
            write(self, name, source)

        told = "^gone; the run is kept in (.*): copy it there$"
        with monkeypatch.context() as patch, pytest.raises(UserError, match=told) as caught:
            patch.setattr(Remote, "write", failing)
            with run_of(remote.url, writes=True) as folder:
                checkpoint(folder, before + 1)
        kept = Path(re.match(told, str(caught.value))[1])
        assert (RunFolder(kept).checkpoint(before + 1) / "manifest.json").is_file()
        shutil.rmtree(kept)
        with run_of(remote.url, writes=False) as folder:
            recover(RunFolder(folder))
            latest = RunFolder(folder).latest_checkpoint()
            assert latest[:2] == (1, 0) if before else latest is None


def test_the_old_checkpoint_stays_until_the_new_one_is_whole(remote, monkeypatch):
    with run_of(remote.url, writes=True) as folder:
        checkpoint(folder, 1)
    write = Remote.write

    def outrun(self, name, source):
        """Training replaces the second checkpoint by the third while it is copied."""
        if name == "checkpoints/epoch-0002/optimizer.npz":
            shutil.rmtree(source.parent)
            checkpoint(source.parents[2], 3)
            raise UserError("no such file")
        write(self, name, source)

    seen = []
    with monkeypatch.context() as patch:
        patch.setattr(Remote, "write", outrun)
        patch.setattr(stores, "_SECONDS", 0.01)
        with run_of(remote.url, writes=True) as folder:
            checkpoint(folder, 2)
            shutil.rmtree(RunFolder(folder).checkpoint(1))
            wait_for(lambda: seen.append(remote.names()) or "checkpoints/epoch-0003/manifest.json" in seen[-1])
    assert all(any(name.endswith("manifest.json") for name in names) for names in seen)
    assert remote.names()[0] == "checkpoints/epoch-0003/manifest.json"


def test_messages_name_the_store_and_other_errors_leave_nothing(remote):
    told = f"^{remote.url}/history.csv: damaged$"
    with pytest.raises(LostWorker, match=told), run_of(remote.url, writes=True) as run:
        raise LostWorker(f"{run}/history.csv: damaged")
    assert not Path(run).exists()
    with pytest.raises(UserError, match=f"^{remote.url}: x$"), folder_of(remote.url) as folder:
        raise UserError(f"{folder}: x")


def test_a_store_that_is_away_for_a_while(remote, monkeypatch, capsys):
    monkeypatch.setattr(stores, "_SECONDS", 0.01)
    told = "s3://b: cannot be reached; it is tried again"
    with run_of(remote.url, writes=True) as folder, monkeypatch.context() as patch:
        patch.setattr(Remote, "write", lambda *_: (_ for _ in ()).throw(UserError("s3://b: cannot be reached")))
        (Path(folder) / "history.csv").write_text("1")
        wait_for(lambda: told in capsys.readouterr().out)
    assert remote.names() == ["history.csv"]
