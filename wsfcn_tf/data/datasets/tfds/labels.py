"""Tags from the labels that a TFDS dataset has, whatever their form."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from wsfcn_tf.errors import UserError

# Names that mean the labels of the whole image, the first first, where there are several features of that kind.
_USUAL = ("tags", "labels", "objects/label", "label")


@dataclass(frozen=True)
class Labels:
    """Where an example's labels are, and the classes they are of.

    Attributes:
        path: the names that lead to the feature, such as ("objects", "label").
        class_names: of its classes.
        indices: whether it holds the numbers of classes; otherwise it holds, per class, whether it is there.
    """

    path: tuple[str, ...]
    class_names: tuple[str, ...]
    indices: bool

    def vector(self, example: Mapping[str, Any]) -> np.ndarray:
        """The tags: float32 [C] in {0, 1}.

        Args:
            example: decoded by TFDS.

        Raises:
            UserError: a label is not one of the classes; TFDS has -1 where labels are withheld.
        """
        value: Any = example
        for name in self.path:
            value = value[name]
        if isinstance(value, Mapping):
            value = [value[name] for name in self.class_names]
        value = np.asarray(value)
        if not self.indices:
            return (value > 0).astype(np.float32)
        tags = np.zeros(len(self.class_names), np.float32)
        for index in value.ravel().astype(np.int64):
            if not 0 <= index < len(tags):
                raise UserError(
                    f"label {index} is not one of the {len(tags)} classes: this split's labels are withheld"
                )
            tags[index] = 1
        return tags


def find_labels(features: Mapping[str, Any], wanted: str | None, where: str) -> Labels:
    """The feature that gives the tags.

    Args:
        features: the dataset's.
        wanted: the feature's name, such as "labels" or "objects/label"; None finds it.
        where: the first words of an error's message.

    Raises:
        UserError: there is no such feature, or several and none of a usual name.
    """
    found = {"/".join(labels.path): labels for labels in _all_labels(features)}
    if wanted is not None:
        if wanted not in found:
            names = ", ".join(sorted(found)) or "none"
            raise UserError(f"{where}: data.tfds_label: {wanted!r} holds no labels; what does: {names}")
        return found[wanted]
    usual = next((found[name] for name in _USUAL if name in found), None)
    if usual is not None:
        return usual
    if len(found) == 1:
        return next(iter(found.values()))
    if not found:
        raise UserError(f"{where}: has no labels to take tags from; its features are {', '.join(sorted(features))}")
    raise UserError(f"{where}: has several kinds of labels; set data.tfds_label to one of {', '.join(sorted(found))}")


def _all_labels(features: Mapping[str, Any], prefix: tuple[str, ...] = ()) -> Iterator[Labels]:
    """Every feature that holds classes."""
    for name, feature in features.items():
        path = (*prefix, name)
        while isinstance(feature, tfds.features.Sequence):
            feature = feature.feature
        if isinstance(feature, tfds.features.ClassLabel):
            yield Labels(path, tuple(feature.names), indices=True)
        elif isinstance(feature, tfds.features.FeaturesDict):
            yield from _all_labels(feature, path)
            if len(feature) > 1 and all(_is_flag(inner) for inner in feature.values()):
                yield Labels(path, tuple(sorted(feature)), indices=False)  # TFDS keeps no order of a dict's keys
        elif _is_vector(feature):
            yield Labels(path, tuple(f"class_{index}" for index in range(feature.shape[0])), indices=False)


def _is_flag(feature: tfds.features.FeatureConnector) -> bool:
    return feature.shape == () and feature.np_dtype == np.bool_


def _is_vector(feature: tfds.features.FeatureConnector) -> bool:
    """Whether a feature holds a bool or a whole number for each of several classes, whose names are not known."""
    if type(feature) is not tfds.features.Tensor or len(feature.shape) != 1 or (feature.shape[0] or 0) < 2:
        return False
    return np.issubdtype(feature.np_dtype, np.bool_) or np.issubdtype(feature.np_dtype, np.integer)
