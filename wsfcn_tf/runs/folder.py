"""The folder of one training run: what it holds, and that no two experiments share it.

config.yaml     the experiment as resolved
classes.txt     the foreground classes, one per line
checkpoints/    epoch-NNNN/: all that resuming needs, of the last epochs; epoch-NNNN-step-NNNNNN/: within the next
                (with training.ema, model.weights.h5 in them is the average, and raw.weights.h5 what resuming needs)
model.weights.h5    the trained network, when training has ended
history.csv     means of each epoch: losses, share of labelled pixels, share of images that keep the mask loss
speed.csv       of each epoch: images per second, and the share of the time in which training waited for photos
validation.csv  of each validated epoch: losses and scores on the validation split
best-epoch-NNNN.weights.h5  the best epoch's weights so far, with training.select
training_data.jsonl     the training photos, with their tags
record.json     of each start: versions, hardware, seed, when and how it ended
lock            held by the process that trains
round-N/        with self_supervision.rounds: the run of the round before, and in pseudo_masks/ its masks of the photos
bad_images.txt  the photos that could not be read, with data.on_bad_image skip: name, tab, what is wrong
tensorboard/    scalars and panels
"""

import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

from wsfcn_tf.config import ExperimentConfig
from wsfcn_tf.config.reading import load_config
from wsfcn_tf.config.writing import save_config
from wsfcn_tf.data.tags.class_names import read_class_names
from wsfcn_tf.errors import UserError
from wsfcn_tf.files import is_partial, write_lines
from wsfcn_tf.runs.lock import LOCK

WEIGHTS = "model.weights.h5"
_DEPTH = 4  # of folders in which runs are looked for
_CONFIG = "config.yaml"
_CLASSES = "classes.txt"
_ROUND = re.compile(r"round-\d+")
_CHECKPOINT = re.compile(r"epoch-(\d+)(?:-step-(\d+))?")

# Keys that change no result: a run may resume with other values.
_FREE = ("data.workers", "training.checkpoint_every")
_FREE_UNLESS_SELECTED = ("training.validate_every",)  # it decides which epochs `training.select` chooses among


class Checkpoint(NamedTuple):
    """A saved state: after `epochs` epochs and `steps` steps of the next one."""

    epochs: int
    steps: int
    folder: Path


class RunFolder:
    """One run's folder.

    Args:
        root: its path; need not exist.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        self.config = self.root / _CONFIG
        self.weights = self.root / WEIGHTS
        self.history = self.root / "history.csv"
        self.speed = self.root / "speed.csv"
        self.validation = self.root / "validation.csv"
        self.training_data = self.root / "training_data.jsonl"
        self.record = self.root / "record.json"
        self.bad_images = self.root / "bad_images.txt"
        self.tensorboard = self.root / "tensorboard"
        self.pseudo_masks = self.root / "pseudo_masks"

    def round(self, number: int) -> "RunFolder":
        """The run of an earlier round, counted from 1, of this one."""
        return RunFolder(self.root / f"round-{number}")

    def newest_round(self, rounds: int) -> "RunFolder | None":
        """The run, the last of so many rounds, or the newest round before it that has begun; None if none has."""
        if self.is_run:
            return self
        return self.round(rounds - 1).newest_round(rounds - 1) if rounds > 1 else None

    @property
    def is_run(self) -> bool:
        """Whether a run has begun here."""
        return (self.root / _CONFIG).is_file()

    def check(self, config: ExperimentConfig, class_names: tuple[str, ...], resume: bool) -> None:
        """Checks that the folder is free for an experiment or holds it; writes nothing.

        Args:
            config: as resolved.
            class_names: of the foreground.
            resume: whether the run may have begun before.

        Raises:
            UserError: the folder holds another experiment, or the same one and `resume` is False.
        """
        if not self.is_run:
            if self.root.is_dir() and not all(map(_is_left_over, self.root.iterdir())):
                raise UserError(f"{self.root}: the folder is not empty and holds no run; choose another --output")
            return
        earlier, earlier_names = self.read()
        earlier, config = self._without_own_masks(earlier), self._without_own_masks(config)
        free = _FREE if earlier.training.select != "last" else _FREE + _FREE_UNLESS_SELECTED
        difference = _first_difference(asdict(earlier), asdict(config), free)
        if difference is None and earlier_names != class_names:
            difference = f"its classes are {', '.join(earlier_names)}"
        if difference:
            raise UserError(
                f"{self.root}: holds another experiment ({difference}); choose another --output, or go on as it began"
            )
        if not resume:
            raise UserError(f"{self.root}: this run has begun; add --resume to continue it, or choose another --output")

    def create(self, config: ExperimentConfig, class_names: tuple[str, ...]) -> None:
        """Writes what makes the folder a run's."""
        write_lines(self.root / _CLASSES, class_names, durable=True)
        # last: its presence says that the folder is a run's
        save_config(self._without_own_masks(config), self.root / _CONFIG)

    def _without_own_masks(self, config: ExperimentConfig) -> ExperimentConfig:
        """The experiment without the masks of the run's earlier rounds, which are wherever the run is."""
        masks = config.data.pseudo_masks or {}
        given = {folder: trust for folder, trust in masks.items() if not self._is_own(Path(folder).parent)}
        return config if given == masks else replace(config, data=replace(config.data, pseudo_masks=given or None))

    def _is_own(self, run: Path) -> bool:
        return run.parent == self.root and _ROUND.fullmatch(run.name) is not None

    def read(self) -> tuple[ExperimentConfig, tuple[str, ...]]:
        """The experiment's config and class names.

        Raises:
            UserError: the folder is not a run's, or a file of it is missing or damaged.
        """
        if not self.is_run:
            below = [str(run.root) for run in self.runs_below()]
            hint = f"; {' and '.join(below[:3])} below it {'are' if below[1:] else 'is'}" if below else ""
            raise UserError(f"{self.root}: not a training run's folder, there is no {_CONFIG} in it{hint}")
        return load_config(self.root / _CONFIG), read_class_names(self.root / _CLASSES)

    def runs_below(self, depth: int = _DEPTH) -> list["RunFolder"]:
        """The runs in a folder that is none itself, at most so many folders below it, sorted by path."""
        runs = []
        for path in sorted(self.root.iterdir()) if depth and self.root.is_dir() else ():
            folder = RunFolder(path)
            runs += [folder] if folder.is_run else folder.runs_below(depth - 1)
        return runs

    def best_weights(self, epoch: int) -> Path:
        """The weights after an epoch, counted from 1, that was the best so far."""
        return self.root / f"best-epoch-{epoch:04d}.weights.h5"

    def all_best_weights(self) -> list[Path]:
        """Every file of that kind."""
        return sorted(self.root.glob("best-epoch-*.weights.h5"))

    def checkpoint(self, epochs: int, steps: int = 0) -> Path:
        """The checkpoint after `epochs` epochs and `steps` steps of the next one."""
        return self.root / "checkpoints" / (f"epoch-{epochs:04d}" + (f"-step-{steps:06d}" if steps else ""))

    def checkpoints(self) -> list[tuple[int, Path]]:
        """(epochs done, folder) of every checkpoint at the end of an epoch, oldest first."""
        return [(epochs, folder) for epochs, steps, folder in self._every_checkpoint() if steps == 0]

    def checkpoints_within(self) -> list[Path]:
        """The folder of every checkpoint within an epoch, oldest first."""
        return [folder for _, steps, folder in self._every_checkpoint() if steps > 0]

    def latest_checkpoint(self) -> Checkpoint | None:
        """Where resuming starts; None if there is no checkpoint."""
        return max(self._every_checkpoint(), default=None)

    def _every_checkpoint(self) -> list[Checkpoint]:
        folders = (self.root / "checkpoints").glob("epoch-*")
        found = ((_CHECKPOINT.fullmatch(folder.name), folder) for folder in folders)
        return sorted(Checkpoint(int(match[1]), int(match[2] or 0), folder) for match, folder in found if match)

    def latest_weights(self) -> Path:
        """The trained network, or the last checkpoint's while training goes on.

        Raises:
            UserError: there is neither.
        """
        if self.weights.is_file():
            return self.weights
        checkpoint = self.latest_checkpoint()
        if checkpoint is None:
            raise UserError(f"{self.root}: no weights yet, the run has not finished an epoch")
        return checkpoint.folder / WEIGHTS


def _is_left_over(path: Path) -> bool:
    """Whether a process that ended before the run began may have left a file, or an earlier round."""
    return path.name in (LOCK, _CLASSES) or is_partial(path) or _ROUND.fullmatch(path.name) is not None


def _first_difference(
    earlier: dict[str, Any], now: dict[str, Any], free: tuple[str, ...], prefix: str = ""
) -> str | None:
    """The first key in which two configs differ, with both values; None if they agree in all but free ones."""
    for key, value in earlier.items():
        if isinstance(value, dict) and isinstance(now[key], dict) and value.keys() == now[key].keys():
            found = _first_difference(value, now[key], free, f"{prefix}{key}.")
            if found:
                return found
        elif value != now[key] and prefix + key not in free:
            return f"its {prefix}{key} is {value}, not {now[key]}"
    return None
