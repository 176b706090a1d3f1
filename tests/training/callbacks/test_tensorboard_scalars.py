from types import SimpleNamespace

import tensorflow as tf

from wsfcn_tf.runs.totals import EpochTotals
from wsfcn_tf.training.callbacks.tensorboard_scalars import TensorBoardScalars, truncate_events


def write_epochs(folder, epochs, **arguments):
    scalars = TensorBoardScalars(folder, **arguments)
    scalars.on_train_begin()
    for epoch in epochs:
        scalars.on_epoch_begin(epoch - 1)
        scalars.on_epoch_end(epoch - 1, {"loss": 1 / epoch})
    scalars.on_train_end()


def events(folder):
    found = []
    for path in sorted(folder.glob("events.*")):
        for text in tf.data.TFRecordDataset(str(path)):
            event = tf.compat.v1.Event.FromString(text.numpy())
            found += [(value.tag, event.step, float(tf.make_ndarray(value.tensor))) for value in event.summary.value]
    return sorted(found)


def test_names_and_steps(tmp_path):
    means = SimpleNamespace(totals=EpochTotals(images=10, seconds=4.0, waited=1.0))
    scalars = TensorBoardScalars(tmp_path, means)
    scalars.on_epoch_begin(4)
    scalars.on_epoch_end(4, {"loss": 0.5, "val_loss": 0.25, "val_map": 1.0})
    assert events(tmp_path) == [  # before the training ends
        ("speed/images_per_second", 5, 2.5),
        ("speed/wait", 5, 0.25),
        ("train/loss", 5, 0.5),
        ("validation/loss", 5, 0.25),
        ("validation/map", 5, 1.0),
    ]


def test_epochs_that_are_trained_again_are_not_there_twice(tmp_path):
    truncate_events(tmp_path / "none", 0)
    write_epochs(tmp_path, [1, 2, 3])
    whole = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    truncate_events(tmp_path, 3)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == whole
    write_epochs(tmp_path, [2])  # resumed after the first epoch
    assert events(tmp_path) == [("train/loss", 1, 1.0), ("train/loss", 2, 0.5)]


def test_an_event_file_whose_writer_was_killed_within_a_record(tmp_path):
    write_epochs(tmp_path, [1, 2])
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-5])
    truncate_events(tmp_path, 2)
    assert steps_of_whole_records(path) == [1]
    truncate_events(tmp_path, 0)
    assert events(tmp_path) == []


def steps_of_whole_records(path):
    steps = []
    try:
        for text in tf.data.TFRecordDataset(str(path)):
            event = tf.compat.v1.Event.FromString(text.numpy())
            steps += [event.step for _ in event.summary.value]
    except tf.errors.DataLossError:
        pass
    return steps
