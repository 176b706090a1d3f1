"""bad_images.txt: which photos could not be read."""

import json

import keras
import tensorflow as tf
from tqdm import tqdm

from wsfcn_tf.data.photos.bad_photos import BadPhotos
from wsfcn_tf.runs.folder import RunFolder
from wsfcn_tf.training.distribution import gather_texts


class UnreadablePhotos(keras.callbacks.Callback):
    """Writes the list of the photos that no worker could read, with `data.on_bad_image` skip.

    Args:
        run: the folder.
        bad_photos: what the pipeline adds to.
        images: the number of training photos.
        strategy: of which every worker has this callback; None is one process.
    """

    def __init__(
        self, run: RunFolder, bad_photos: BadPhotos, images: int, strategy: tf.distribute.Strategy | None = None
    ) -> None:
        super().__init__()
        self._run, self._bad_photos, self._images, self._strategy = run, bad_photos, images, strategy

    def save(self, epoch: int) -> int:
        """Writes those that the epochs up to this one have met on any worker, if any, and returns their number.

        Call it before a checkpoint within an epoch: who resumes from there does not meet them again.
        """
        for text in gather_texts(self._strategy, json.dumps(self._bad_photos.until(epoch))):
            for name, reason in json.loads(text).items():
                self._bad_photos.add(name, reason, epoch)
        found = len(self._bad_photos.until(epoch))
        if found:
            self._bad_photos.save(self._run.bad_images, epoch)
        return found

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Writes the list, and tells of it."""
        found = self.save(epoch)
        if found and self.params["verbose"]:
            tqdm.write(f"{found} of {self._images} photos cannot be read, others replace them: {self._run.bad_images}")
