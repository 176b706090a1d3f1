"""TensorBoard's curves of the epochs' logs."""

from pathlib import Path

import keras
import tensorflow as tf

from wsfcn_tf.files import replacing, writing
from wsfcn_tf.training.async_means import AsyncMeans


class TensorBoardScalars(keras.callbacks.Callback):
    """Writes train/*, validation/* and speed/* to event files, whose steps are epochs, counted from 1.

    What a killed process wrote after its last checkpoint goes: it would be there twice.

    Args:
        folder: of the event files.
        means: of our own loop, which knows the speed; None in `fit`.

    Attributes:
        writer: what others may write with while training goes on.
    """

    def __init__(self, folder: Path, means: AsyncMeans | None = None) -> None:
        super().__init__()
        self._folder, self._means = folder, means
        self.writer: tf.summary.SummaryWriter | None = None

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Before the first epoch, leaves the events of those before it, and opens a file of its own."""
        if self.writer is None:
            truncate_events(self._folder, epoch)
            with writing(self._folder):
                self.writer = tf.summary.create_file_writer(str(self._folder))

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Writes the epoch's values."""
        values = {
            name.replace("val_", "validation/", 1) if name.startswith("val_") else f"train/{name}": value
            for name, value in logs.items()
        }
        if self._means is not None:
            values |= {f"speed/{name}": value for name, value in self._means.totals.speed().items()}
        with writing(self._folder):
            with self.writer.as_default(step=epoch + 1):
                for name, value in values.items():
                    tf.summary.scalar(name, value)
            self.writer.flush()

    def on_train_end(self, logs: dict | None = None) -> None:
        """Ends the file."""
        if self.writer is not None:
            with writing(self._folder):
                self.writer.close()
            self.writer = None


def truncate_events(folder: Path, epochs: int) -> None:
    """Leaves of a folder's event files what belongs to the first `epochs` epochs."""
    for path in folder.glob("events.*"):
        records = _whole_records(path)
        kept = [record for record in records if tf.compat.v1.Event.FromString(record).step <= epochs]
        if len(kept) < len(records):
            with replacing(path) as temporary, tf.io.TFRecordWriter(str(temporary)) as writer:
                for record in kept:
                    writer.write(record)


def _whole_records(path: Path) -> list[bytes]:
    """Without the last one of a killed process, which may be half of one."""
    records = []
    try:
        for record in tf.data.TFRecordDataset(str(path)):
            records.append(record.numpy())
    except tf.errors.DataLossError:
        pass
    return records
