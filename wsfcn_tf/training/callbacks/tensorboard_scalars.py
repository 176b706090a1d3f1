"""Tables and event files of a run that resumes: what a killed process wrote after its last checkpoint goes.

It is written again, and would be there twice; and until it is, the files would tell of epochs that are not done.
"""

from pathlib import Path

import tensorflow as tf

from wsfcn_tf.files import replacing
from wsfcn_tf.runs.epoch_table import truncate
from wsfcn_tf.runs.folder import RunFolder


def rewind(run: RunFolder, epochs: int) -> None:
    """Leaves of history, speed, validation and TensorBoard's events those of the first `epochs` epochs."""
    for table in (run.history, run.speed, run.validation):
        truncate(table, epochs)
    for path in run.tensorboard.glob("events.*"):
        _rewind_events(path, epochs)


def _rewind_events(path: Path, epochs: int) -> None:
    records = list(_records(path))
    kept = [record for record in records if tf.compat.v1.Event.FromString(record).step <= epochs]
    if len(kept) == len(records):
        return
    with replacing(path) as temporary, tf.io.TFRecordWriter(str(temporary)) as writer:
        for record in kept:
            writer.write(record)


def _records(path: Path) -> list[bytes]:
    """The complete records; the last one of a killed process may be half of one."""
    records = []
    try:
        for record in tf.data.TFRecordDataset(str(path)):
            records.append(record.numpy())
    except tf.errors.DataLossError:
        pass
    return records
