"""What a person sees of a training run: a progress bar, a line per epoch, TensorBoard scalars and panels."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from wsfcn_tf.objective.objective import Supervision
from wsfcn_tf.ops.normalise import denormalise
from wsfcn_tf.training.totals import EpochTotals
from wsfcn_tf.visualisation.overlays import overlay
from wsfcn_tf.visualisation.panels import panel


class TrainingLog:
    """Shows the means of a run's per-image values, and its speed.

    Args:
        folder: of TensorBoard's event files.
        steps: of the whole run.
        steps_done: before this process, if it resumes.
        shown: whether anything is printed.
    """

    def __init__(self, folder: Path, steps: int, steps_done: int, shown: bool = True) -> None:
        self._writer = tf.summary.create_file_writer(str(folder))
        self._shown = shown
        self._bar = tqdm(
            total=steps, initial=steps_done, unit="step", dynamic_ncols=True, mininterval=1.0, disable=not shown
        )

    def step(self, epoch: int, totals: EpochTotals) -> None:
        """Counts a step, and shows the epoch's means so far."""
        self._bar.set_postfix(
            epoch=epoch + 1, **{name: f"{mean:.3f}" for name, mean in totals.means().items()}, refresh=False
        )
        self._bar.update()

    def epoch(self, epoch: int, totals: EpochTotals) -> None:
        """Shows a finished epoch's means and speed, in a line and in TensorBoard."""
        means, speed = totals.means(), totals.speed()
        with self._writer.as_default(step=epoch + 1):
            for name, mean in means.items():
                tf.summary.scalar(f"train/{name}", mean)
            for name, value in speed.items():
                tf.summary.scalar(f"speed/{name}", value)
        self._writer.flush()
        self.note(
            f"epoch {epoch + 1}: "
            + ", ".join(f"{name} {mean:.4f}" for name, mean in means.items())
            + f"; {speed['images_per_second']:.1f} images/s, {speed['wait']:.1%} waiting for photos"
        )

    def validation(self, epoch: int, means: Mapping[str, float]) -> None:
        """Shows an epoch's measurements on the validation split, in a line and in TensorBoard."""
        with self._writer.as_default(step=epoch + 1):
            for name, mean in means.items():
                tf.summary.scalar(f"validation/{name}", mean)
        self._writer.flush()
        self.note(f"validation {epoch + 1}: " + ", ".join(f"{name} {mean:.4f}" for name, mean in means.items()))

    def note(self, text: str) -> None:
        """Prints a line above the bar."""
        if self._shown:
            self._bar.write(text)

    def panel(self, epoch: int, picture: np.ndarray) -> None:
        """Shows a picture, uint8 [H, W, 3]."""
        with self._writer.as_default(step=epoch + 1):
            tf.summary.image("train/supervision", picture[None])

    def close(self) -> None:
        """Ends the bar and the event file."""
        self._bar.close()
        self._writer.close()


def supervision_panel(images: tf.Tensor, supervision: Supervision, class_names: Sequence[str]) -> np.ndarray:
    """Photo, masks, masks after PAMR and pseudo labels of some training photos, one row each.

    Args:
        images: float32 [B, H, W, 3], ImageNet-normalised RGB.
        supervision: of these images.
        class_names: of the foreground.

    Returns:
        uint8 [height, width, 3].
    """
    photos = np.clip(np.round(denormalise(np.asarray(images)) * 255), 0, 255).astype(np.uint8)
    rows = []
    for photo, masks, refined, pseudo in zip(photos, *(np.asarray(value) for value in supervision), strict=True):
        unlabelled = pseudo.sum(axis=-1) == 0
        rows.append(
            [
                photo,
                overlay(photo, masks.argmax(axis=-1).astype(np.uint8)),
                overlay(photo, refined.argmax(axis=-1).astype(np.uint8)),
                overlay(photo, np.where(unlabelled, 255, pseudo.argmax(axis=-1)).astype(np.uint8)),
            ]
        )
    return panel(rows, ["photo", "masks", "after PAMR", "pseudo labels"], class_names=class_names)
