import pytest

from wsfcn_tf.errors import Stopped, UserError
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.runs.record import read_record
from wsfcn_tf.training.callbacks import Record


@pytest.fixture
def run(tmp_path):
    return RunFolder(tmp_path)


def test_where_a_training_began_how_far_it_came_and_that_it_finished(run):
    run.checkpoint(1, 5).mkdir(parents=True)
    with Record(run, {"seed": 7}) as record:
        assert read_record(run.record)[-1]["outcome"] == "running"
        run.checkpoint(2).mkdir()
        record.on_epoch_end(1, {})
        record.note(selected={"epoch": 2})
        (entry,) = read_record(run.record)
        assert entry["outcome"] == "running" and entry["to"] == {"epochs": 2, "steps": 0}
    (entry,) = read_record(run.record)
    assert entry["from"] == {"epochs": 1, "steps": 5} and entry["outcome"] == "finished"
    assert entry["seed"] == 7 and entry["selected"] == {"epoch": 2}
    assert {"versions", "git", "hardware", "started", "seen"} <= entry.keys()


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Stopped("SIGTERM: saved", 75), "stopped"),
        (KeyboardInterrupt(), "interrupted"),
        (UserError("a.jpg: is torn"), "failed: a.jpg: is torn"),
        (MemoryError(), "failed: MemoryError"),
    ],
)
def test_how_it_ended(run, error, outcome):
    with pytest.raises(type(error)), Record(run):
        raise error
    with Record(run):
        pass
    assert [entry["outcome"] for entry in read_record(run.record)] == [outcome, "finished"]
