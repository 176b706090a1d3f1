from types import SimpleNamespace

from wsfcn_tf.runs.epoch_table import read
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.runs.totals import EpochTotals
from wsfcn_tf.training.callbacks import EpochTables

MEANS = SimpleNamespace(totals=EpochTotals(images=10, seconds=4.0, waited=1.0))
LOGS = {"loss": 0.5, "kept": 1.0, "val_loss": 0.25, "val_map": 1.0}


def write(run, epochs, means=MEANS):
    tables = EpochTables(run, means)
    tables.on_train_begin()
    for epoch in epochs:
        tables.on_epoch_begin(epoch)
        tables.on_epoch_end(epoch, LOGS if epoch % 2 else {"loss": 0.5, "kept": 1.0})


def epochs(path):
    return [row["epoch"] for row in read(path)]


def test_a_row_per_epoch(tmp_path):
    run = RunFolder(tmp_path)
    write(run, range(2))
    assert run.history.read_text() == "epoch,loss,kept\n1,0.5,1\n2,0.5,1\n"
    assert run.validation.read_text() == "epoch,loss,map\n2,0.25,1\n"  # the first was not validated
    assert run.speed.read_text() == "epoch,images_per_second,wait\n1,2.5,0.25\n2,2.5,0.25\n"


def test_what_a_killed_process_wrote_after_its_last_checkpoint_goes_before_anything_is_done(tmp_path):
    run = RunFolder(tmp_path)
    write(run, range(4))
    tables = EpochTables(run, MEANS)
    tables.on_train_begin()
    tables.on_epoch_begin(1)
    assert epochs(run.history) == epochs(run.speed) == ["1"] and epochs(run.validation) == []
    tables.on_epoch_end(1, LOGS)
    tables.on_epoch_begin(2)
    assert epochs(run.history) == epochs(run.speed) == ["1", "2"] and epochs(run.validation) == ["2"]


def test_fit_does_not_know_the_speed(tmp_path):
    run = RunFolder(tmp_path)
    write(run, range(1), means=None)
    assert epochs(run.history) == ["1"] and not run.speed.exists()
