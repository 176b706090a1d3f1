import pytest
import tensorflow as tf

from wsfcn_tf.data.datasets.tfds.records import open_records
from wsfcn_tf.errors import UserError

RECORDS = [b"", b"a", b"bc" * 5000, b"\x00" * 17]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "x-train.tfrecord-00000-of-00001"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in RECORDS:
            writer.write(record)
    return path


def test_any_record_in_any_order(path):
    records = open_records(path)
    assert len(records) == 4
    assert [records[index] for index in (3, 0, 2, 1)] == [RECORDS[index] for index in (3, 0, 2, 1)]
    with pytest.raises(IndexError):
        records[4]


def test_an_empty_file(tmp_path):
    (tmp_path / "x.tfrecord").touch()
    assert list(open_records(tmp_path / "x.tfrecord")) == []


@pytest.mark.parametrize("kept", [-1, -25, 5])
def test_a_file_that_is_cut_short(path, kept):
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UserError) as error:
        open_records(path)
    assert str(error.value) == f"{path}: is cut short: prepare the dataset again"


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(UserError, match=r"x\.tfrecord: there is no such file: prepare the dataset again$"):
        open_records(tmp_path / "x.tfrecord")
    (tmp_path / "x.riegeli").touch()
    with pytest.raises(UserError, match="only tfrecord and array_record files can be read by number"):
        open_records(tmp_path / "x.riegeli")
