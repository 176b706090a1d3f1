"""A dataset held in memory."""

import numpy as np

from wsfcn_tf.errors import UserError


class MemoryDataset:
    """Photos and masks by name, one split; without `masks`, reading one is an error."""

    def __init__(self, class_names, images, *, tags=None, masks=None):
        self.class_names = class_names
        self._images, self._tags, self._masks = images, tags or {}, masks or {}

    def names(self, split):
        assert split in ("train", "val")
        return list(self._images)

    def image(self, name):
        return self._images[name]

    def tags(self, name):
        return np.asarray(self._tags[name], np.float32)

    def mask(self, name):
        if name not in self._masks:
            raise UserError(f"{name}: no mask")
        return self._masks[name]
