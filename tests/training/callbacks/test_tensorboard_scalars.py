import tensorflow as tf

from wsfcn_tf.runs.epoch_table import read, record
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.training.rewinding import rewind


def write_epochs(run, epochs):
    writer = tf.summary.create_file_writer(str(run.tensorboard))
    for epoch in epochs:
        with writer.as_default(step=epoch):
            tf.summary.scalar("train/loss", 1 / epoch)
        record(run.history, epoch, {"loss": 1 / epoch})
    writer.close()


def scalars(run):
    found = []
    for path in sorted(run.tensorboard.glob("events.*")):
        for text in tf.data.TFRecordDataset(str(path)):
            event = tf.compat.v1.Event.FromString(text.numpy())
            found += [(event.step, float(tf.make_ndarray(value.tensor))) for value in event.summary.value]
    return sorted(found)


def test_epochs_that_are_trained_again_are_not_there_twice(tmp_path):
    run = RunFolder(tmp_path)
    rewind(run, 0)
    write_epochs(run, [1, 2, 3])
    whole = {path.name: path.read_bytes() for path in run.tensorboard.iterdir()}
    rewind(run, 3)
    assert {path.name: path.read_bytes() for path in run.tensorboard.iterdir()} == whole
    rewind(run, 1)
    assert scalars(run) == [(1, 1.0)] and [row["epoch"] for row in read(run.history)] == ["1"]
    write_epochs(run, [2])
    assert scalars(run) == [(1, 1.0), (2, 0.5)]


def test_an_event_file_whose_writer_was_killed_within_a_record(tmp_path):
    run = RunFolder(tmp_path)
    write_epochs(run, [1, 2])
    (path,) = run.tensorboard.iterdir()
    path.write_bytes(path.read_bytes()[:-5])
    rewind(run, 2)
    assert scalars_of_whole_records(path) == [1]
    rewind(run, 0)
    assert scalars(run) == []


def scalars_of_whole_records(path):
    steps = []
    try:
        for text in tf.data.TFRecordDataset(str(path)):
            event = tf.compat.v1.Event.FromString(text.numpy())
            steps += [event.step for _ in event.summary.value]
    except tf.errors.DataLossError:
        pass
    return steps
