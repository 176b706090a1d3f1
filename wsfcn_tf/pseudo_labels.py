"""Pseudo labels under their public name; the code is in `objective/pseudo_labels.py`."""

from wsfcn_tf.objective.pseudo_labels import pseudo_labels

__all__ = ["pseudo_labels"]
