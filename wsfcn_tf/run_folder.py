"""The folder of one training run: what it holds, and that no two experiments share it.

config.yaml     the experiment as resolved
classes.txt     the foreground classes, one per line
checkpoints/    epoch-NNNN/: everything that resuming needs, of the last epochs
model.weights.h5    the trained network, when training has ended
history.csv     means of each epoch: losses, share of labelled pixels, share of images that keep the mask loss
tensorboard/    scalars and panels
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from wsfcn_tf.config import ExperimentConfig
from wsfcn_tf.config_file import load_config, save_config
from wsfcn_tf.errors import UserError
from wsfcn_tf.files import write_text

WEIGHTS = "model.weights.h5"
_CONFIG = "config.yaml"
_CLASSES = "classes.txt"


class RunFolder:
    """One run's folder.

    Args:
        root: its path; need not exist.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)

    @property
    def weights(self) -> Path:
        """The trained network's file."""
        return self.root / WEIGHTS

    @property
    def history(self) -> Path:
        """The table of the epochs' means."""
        return self.root / "history.csv"

    @property
    def tensorboard(self) -> Path:
        """The event files' folder."""
        return self.root / "tensorboard"

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
            if self.root.is_dir() and any(self.root.iterdir()):
                raise UserError(f"{self.root}: the folder is not empty and holds no run; choose another --output")
            return
        earlier, earlier_names = self.read()
        difference = _first_difference(asdict(earlier), asdict(config))
        if difference is None and earlier_names != class_names:
            difference = f"its classes are {', '.join(earlier_names)}"
        if difference:
            raise UserError(f"{self.root}: holds another experiment ({difference}); choose another --output")
        if not resume:
            raise UserError(f"{self.root}: this run has begun; add --resume to continue it, or choose another --output")

    def claim(self, config: ExperimentConfig, class_names: tuple[str, ...]) -> None:
        """Writes what makes the folder a run's."""
        write_text(self.root / _CLASSES, "".join(f"{name}\n" for name in class_names))
        save_config(config, self.root / _CONFIG)  # last: its presence says that the folder is a run's

    def read(self) -> tuple[ExperimentConfig, tuple[str, ...]]:
        """The experiment's config and class names.

        Raises:
            UserError: the folder is not a run's.
        """
        if not self.is_run:
            raise UserError(f"{self.root}: not a training run's folder, there is no {_CONFIG} in it")
        names = (self.root / _CLASSES).read_text(encoding="utf-8").splitlines()
        return load_config(self.root / _CONFIG), tuple(names)

    def checkpoint(self, epochs: int) -> Path:
        """The checkpoint after `epochs` epochs."""
        return self.root / "checkpoints" / f"epoch-{epochs:04d}"

    def checkpoints(self) -> list[tuple[int, Path]]:
        """(epochs done, folder) of every checkpoint, oldest first."""
        folders = sorted((self.root / "checkpoints").glob("epoch-*"))
        return [(int(folder.name.removeprefix("epoch-")), folder) for folder in folders]

    def latest_weights(self) -> Path:
        """The trained network, or the last checkpoint's while training goes on.

        Raises:
            UserError: there is neither.
        """
        if self.weights.is_file():
            return self.weights
        checkpoints = self.checkpoints()
        if not checkpoints:
            raise UserError(f"{self.root}: no weights yet, the run has not finished an epoch")
        return checkpoints[-1][1] / WEIGHTS


def _first_difference(earlier: dict[str, Any], now: dict[str, Any], prefix: str = "") -> str | None:
    """The first key in which two configs differ, with both values; None if they agree."""
    for key, value in earlier.items():
        if isinstance(value, dict):
            found = _first_difference(value, now[key], f"{prefix}{key}.")
            if found:
                return found
        elif value != now[key]:
            return f"its {prefix}{key} is {value}, not {now[key]}"
    return None
