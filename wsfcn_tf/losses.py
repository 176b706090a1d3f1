"""The losses under their public name; the code is in `objective/losses.py`."""

from wsfcn_tf.objective.losses import classification_loss, mask_loss

__all__ = ["classification_loss", "mask_loss"]
