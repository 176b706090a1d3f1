"""Whether two runs' folders tell of the same training, to the bit."""

from collections import Counter
from pathlib import Path

import h5py
import numpy as np
import tensorflow as tf

from wsfcn_tf.runs.epoch_table import read
from wsfcn_tf.runs.folder import RunFolder


def differences(one: RunFolder, other: RunFolder) -> list[str]:
    """What differs: weights, momentum, step counter, tables, and whether TensorBoard has each epoch once."""
    found = [
        name
        for name in ("config.yaml", "history.csv", "validation.csv", "training_data.jsonl")
        if (one.root / name).read_bytes() != (other.root / name).read_bytes()
    ]
    if one.latest_checkpoint()[:2] != other.latest_checkpoint()[:2]:
        return [*found, "last checkpoint"]
    pairs = [(one.latest_checkpoint().folder / name, other.latest_checkpoint().folder / name) for name in _CHECKPOINT]
    pairs.append((one.weights, other.weights))
    found += [f"{first.name} in {first.parent.name}" for first, second in pairs if not _same(first, second)]
    if [path.name for path in one.all_best_weights()] != [path.name for path in other.all_best_weights()]:
        found.append("best epoch")
    epochs = [row["epoch"] for row in read(one.history)]
    for run in (one, other):
        if [row["epoch"] for row in read(run.speed)] != epochs:
            found.append(f"{run.speed}: epochs")
        if events(run) != Counter({(tag, int(epoch)): 1 for tag in _tags(run) for epoch in epochs}):
            found.append(f"{run.tensorboard}: epochs")
    return found


_CHECKPOINT = ("model.weights.h5", "optimizer.npz")


def events(run: RunFolder) -> Counter:
    """How often TensorBoard's files hold each (tag, step)."""
    counts = Counter()
    for path in run.tensorboard.glob("events.*"):
        for record in tf.data.TFRecordDataset(str(path)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            counts.update((value.tag, event.step) for value in event.summary.value)
    return counts


def _tags(run: RunFolder) -> set[str]:
    return {tag for tag, _ in events(run)}


def _same(one: Path, other: Path) -> bool:
    first, second = arrays(one), arrays(other)
    return first.keys() == second.keys() and all(np.array_equal(first[name], second[name]) for name in first)


def arrays(path: Path) -> dict[str, np.ndarray]:
    """Every array of an .npz or .h5 file."""
    if path.suffix == ".npz":
        with np.load(path) as values:
            return dict(values)
    found = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
    return found
