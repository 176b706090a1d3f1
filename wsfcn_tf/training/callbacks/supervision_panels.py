"""What the network teaches itself with, as pictures in TensorBoard."""

from collections.abc import Sequence
from functools import cached_property
from itertools import islice

import keras
import numpy as np
import tensorflow as tf

from wsfcn_tf.config import DataConfig
from wsfcn_tf.data.datasets.dataset import Dataset
from wsfcn_tf.data.pipeline import validation_batches
from wsfcn_tf.errors import UserError
from wsfcn_tf.objective.objective import Supervision
from wsfcn_tf.ops.normalise import denormalise
from wsfcn_tf.training.callbacks.tensorboard_scalars import TensorBoardScalars
from wsfcn_tf.visualisation.overlays import overlay
from wsfcn_tf.visualisation.panels import panel


class SupervisionPanels(keras.callbacks.Callback):
    """Shows, after each epoch, how the same few training photos are supervised.

    Args:
        tensorboard: whose files they go to; put it behind this one, for it writes them to the disk.
        dataset: photos and tags.
        names: of training photos; the first `count` that can be read are shown.
        count: how many.
        config: how large they are shown to the network.
    """

    def __init__(
        self, tensorboard: TensorBoardScalars, dataset: Dataset, names: Sequence[str], count: int, config: DataConfig
    ) -> None:
        super().__init__()
        self._tensorboard, self._dataset, self._config = tensorboard, dataset, config
        self._names, self._count = names, count

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Writes a picture."""
        images, tags = self._views
        outputs, *_ = self.model.each(images[..., :3], training=False)  # a fourth channel is saliency
        supervision = self.model.objective.supervise(images, tags, outputs["logits"])
        picture = supervision_panel(images, supervision, self._dataset.class_names)
        with self._tensorboard.writer.as_default(step=epoch + 1):
            tf.summary.image("train/supervision", picture[None])

    @cached_property
    def _views(self) -> tuple[tf.Tensor, tf.Tensor]:
        """Images and tags."""
        names = list(islice(filter(self._is_readable, self._names), self._count))
        saliency = self.model.objective.config.saliency > 0
        images = next(iter(validation_batches(self._dataset, names, self._config, len(names), saliency=saliency)))
        return images, tf.stack([self._dataset.tags(name) for name in names])

    def _is_readable(self, name: str) -> bool:
        try:
            self._dataset.image(name)
        except UserError:  # with data.on_bad_image skip, training goes on without it
            return False
        return True


def supervision_panel(images: tf.Tensor, supervision: Supervision, class_names: Sequence[str]) -> np.ndarray:
    """Photo, masks, masks after PAMR and pseudo labels of some training photos, one row each.

    Args:
        images: float32 [B, H, W, 3 or 4], ImageNet-normalised RGB.
        supervision: of these images.
        class_names: of the foreground.

    Returns:
        uint8 [height, width, 3].
    """
    photos = np.clip(np.round(denormalise(np.asarray(images)[..., :3]) * 255), 0, 255).astype(np.uint8)
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
