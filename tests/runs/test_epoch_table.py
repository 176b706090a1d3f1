import pytest

from wsfcn_tf.errors import UserError
from wsfcn_tf.runs.epoch_table import read, truncate, write_row


def test_a_row_per_epoch_and_a_repeated_epoch_replaces_what_followed(tmp_path):
    path = tmp_path / "run" / "history.csv"
    assert read(path) == []
    for epoch, loss in ((1, 3.0), (2, 2.0), (3, 1.0)):
        write_row(path, epoch, {"loss": loss, "kept": 0.5})
    write_row(path, 2, {"loss": 1 / 3, "kept": 1.0})
    assert path.read_text() == "epoch,loss,kept\n1,3,0.5\n2,0.333333,1\n"
    assert read(path)[1] == {"epoch": "2", "loss": "0.333333", "kept": "1"}


@pytest.mark.parametrize("text", ["epoch;loss\n1;3\n", "epoch,mask\n1,3\n", "epoch,loss\none,3\n"])
def test_another_table_in_its_place(text, tmp_path):
    path = tmp_path / "history.csv"
    path.write_text(text)
    with pytest.raises(UserError, match=r"history\.csv: is not the table of a run \(epoch,loss\); move it away$"):
        write_row(path, 2, {"loss": 1.0})
    assert path.read_text() == text


def test_rewinding_leaves_the_rows_of_epochs_that_are_done(tmp_path):
    path = tmp_path / "history.csv"
    truncate(path, 3)
    assert not path.exists()
    for epoch in (1, 2, 4):
        write_row(path, epoch, {"loss": 1 / epoch})
    for epochs, text in ((4, "1,1\n2,0.5\n4,0.25\n"), (3, "1,1\n2,0.5\n"), (1, "1,1\n"), (0, "")):
        truncate(path, epochs)
        assert path.read_text() == f"epoch,loss\n{text}"
    write_row(path, 1, {"loss": 7.0})
    assert path.read_text() == "epoch,loss\n1,7\n"
