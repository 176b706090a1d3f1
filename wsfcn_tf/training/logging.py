"""What a person sees of a training run: a progress bar, a line per epoch, TensorBoard scalars and panels."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from wsfcn_tf.ops.normalise import denormalise
from wsfcn_tf.training.objective import Supervision
from wsfcn_tf.visualisation import overlay, panel


class TrainingLog:
    """Collects a run's per-image values and shows their means.

    Args:
        folder: of TensorBoard's event files.
        steps: of the whole run.
        steps_done: before this process, if it resumes.
    """

    def __init__(self, folder: Path, steps: int, steps_done: int) -> None:
        self._writer = tf.summary.create_file_writer(str(folder))
        self._bar = tqdm(total=steps, initial=steps_done, unit="step", dynamic_ncols=True, mininterval=1.0)
        self._sums: dict[str, list[float]] = {}

    def step(self, epoch: int, values: Mapping[str, np.ndarray]) -> None:
        """Takes in a step's per-image values, {name: [B]}."""
        for name, value in values.items():
            self._sums.setdefault(name, []).extend(value)
        self._bar.set_postfix(
            epoch=epoch + 1, **{name: f"{np.mean(v):.3f}" for name, v in self._sums.items()}, refresh=False
        )
        self._bar.update()

    def epoch(self, epoch: int) -> dict[str, float]:
        """Closes an epoch: writes its means to TensorBoard and returns them."""
        means = {name: float(np.mean(values)) for name, values in self._sums.items()}
        self._sums = {}
        with self._writer.as_default(step=epoch + 1):
            for name, mean in means.items():
                tf.summary.scalar(f"train/{name}", mean)
        self._writer.flush()
        self._bar.write(f"epoch {epoch + 1}: " + ", ".join(f"{name} {mean:.4f}" for name, mean in means.items()))
        return means

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
