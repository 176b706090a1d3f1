"""What a run's folder tells about it, and how two runs' configs differ. Nothing is loaded but small files."""

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wsfcn_tf.config import DataConfig, ExperimentConfig, ModelConfig
from wsfcn_tf.errors import UserError
from wsfcn_tf.runs.epoch_table import read
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.runs.lock import is_locked
from wsfcn_tf.runs.record import read_record


@dataclass(frozen=True)
class Summary:
    """One run.

    Attributes:
        name: its folder, as found.
        config: as resolved.
        epochs: done.
        state: "running", "finished" or "interrupted".
        starts: how often it was started; 0 if it has no record.
        loss: of the last epoch's training.
        best_loss, best_map, best_miou: of the validated epochs; None if that was not measured.
        stray: of the last validated epoch, in what share of the photos without its tag the worst class has a mask; None
            if that was not measured.
        images_per_second, wait: the median over the epochs.
        selected_with_masks: whether masks chose the trained network's epoch.
        warnings: what tags told of the trained network when the training ended.
    """

    name: str
    config: ExperimentConfig
    epochs: int
    state: str
    starts: int
    loss: float | None
    best_loss: float | None
    best_map: float | None
    best_miou: float | None
    stray: float | None
    images_per_second: float | None
    wait: float | None
    selected_with_masks: bool
    warnings: tuple[str, ...]


def find_runs(folder: Path) -> list[RunFolder]:
    """The runs at a folder or below it, sorted by path.

    Raises:
        UserError: there is none.
    """
    found = [RunFolder(folder)] if RunFolder(folder).is_run else RunFolder(folder).runs_below()
    if not found:
        raise UserError(f"{folder}: no run there or below: a run is what `train --output` writes")
    return found


def summarise(run: RunFolder) -> Summary:
    """Reads a run's folder. Raises UserError if its config cannot be read."""
    config, _ = run.read()
    last = run.latest_checkpoint()
    epochs = last.epochs if last else 0
    history, validation, speed = (read(path) for path in (run.history, run.validation, run.speed))
    losses, strays, record = _numbers(history, "loss"), _numbers(validation, "stray"), read_record(run.record)
    running = is_locked(run.root)
    finished = run.weights.is_file() and epochs >= config.training.epochs
    return Summary(
        name=str(run.root),
        config=config,
        epochs=epochs,
        state="running" if running else "finished" if finished else "interrupted",
        starts=len(record),
        loss=losses[-1] if losses else None,
        best_loss=min(_numbers(validation, "loss"), default=None),
        best_map=max(_numbers(validation, "map"), default=None),
        best_miou=max(_numbers(validation, "miou"), default=None),
        stray=strays[-1] if strays else None,
        images_per_second=_median(_numbers(speed, "images_per_second")),
        wait=_median(_numbers(speed, "wait")),
        selected_with_masks=config.training.select == "miou",
        warnings=warnings_of(run),
    )


def warnings_of(run: RunFolder) -> tuple[str, ...]:
    """What tags told of the trained network when the training ended; nothing if it was not validated."""
    told = [start["warnings"] for start in read_record(run.record) if "warnings" in start]
    return tuple(told[-1]) if told else ()


def describe_network(config: ModelConfig) -> str:
    """The network in a few words, such as "wide_resnet38 fca sf2 x3"; a preset stands for its backbone."""
    backbone = Path(config.preset).name if config.preset else config.backbone
    parts = "cam" if config.head == "cam" else f"{config.context} {config.fusion}"
    return f"{backbone} {parts}" + (f" x{config.networks}" if config.networks > 1 else "")


def describe_data(config: DataConfig) -> str:
    """The data in a few words, such as "voc VOC2012"."""
    where = config.tfds or (Path(config.root).name if config.root else "")
    return f"{'tfds' if config.tfds else config.format} {where}".strip()


def config_differences(one: ExperimentConfig, other: ExperimentConfig) -> list[tuple[str, str, str]]:
    """(key, value in one, value in the other) wherever two configs differ."""
    first, second = (_flat(asdict(config)) for config in (one, other))
    return [(key, _text(first[key]), _text(second[key])) for key in first if first[key] != second[key]]


def _numbers(rows: list[dict[str, str]], column: str) -> list[float]:
    values = (float(row[column]) for row in rows if row.get(column))
    return [value for value in values if math.isfinite(value)]


def _median(values: list[float]) -> float | None:
    return sorted(values)[len(values) // 2] if values else None


def _flat(section: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat = {}
    for key, value in section.items():
        flat |= _flat(value, f"{prefix}{key}.") if _is_section(value) else {prefix + key: value}
    return flat


def _is_section(value: Any) -> bool:
    """Whether a value is a section, not what masks' values mean, which begin with a number."""
    return isinstance(value, dict) and all(isinstance(key, str) for key in value)


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
