"""What surrounds a training: its facts for the record, and how it ended."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import tensorflow as tf

from wsfcn_tf.config import ExperimentConfig
from wsfcn_tf.errors import Stopped, UserError
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.runs.record import RunRecord, git_state, hardware, versions
from wsfcn_tf.runs.training_data import fingerprint
from wsfcn_tf.training.checkpoints import Position


def facts(
    config: ExperimentConfig, strategy: tf.distribute.Strategy, run: RunFolder, images: int, start: Position
) -> dict[str, Any]:
    """What a start of a run is remembered by; the config itself is in config.yaml."""
    gpus = tf.config.list_physical_devices("GPU")
    details = (tf.config.experimental.get_device_details(gpu) for gpu in gpus)
    return {
        "from": {"epochs": start.epochs, "steps": start.steps},
        "versions": versions(),
        "git": git_state(),
        "hardware": hardware([detail.get("device_name", "GPU") for detail in details]),
        "devices": strategy.num_replicas_in_sync,
        "batch_size": config.training.batch_size,
        "seed": config.training.seed,
        "data": {"images": images, "fingerprint": fingerprint(run.training_data)},
    }


@contextmanager
def recorded(run: RunFolder, about: dict[str, Any]) -> Iterator[RunRecord]:
    """Adds an entry to the run's record, and says in it how the block ends."""
    record = RunRecord(run.record, about)
    try:
        yield record
    except BaseException as error:
        with suppress(UserError):  # the record's disk may be the one that is full
            record.note(outcome=_outcome(error))
        raise
    record.note(outcome="finished")


def _outcome(error: BaseException) -> str:
    if isinstance(error, Stopped):
        return "stopped"
    return "interrupted" if isinstance(error, KeyboardInterrupt) else f"failed: {error or type(error).__name__}"
