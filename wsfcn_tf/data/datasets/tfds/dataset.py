"""Any TFDS dataset that has an image and labels, as a `Dataset`."""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from wsfcn_tf.data.datasets.tfds.labels import find_labels
from wsfcn_tf.data.datasets.tfds.records import open_records
from wsfcn_tf.data.masks.png import decode_mask
from wsfcn_tf.data.photos.images import decode_image
from wsfcn_tf.data.shapes.drawing import AS_DRAWN, Drawing
from wsfcn_tf.errors import UserError

_MASK = "segmentation"


class TfdsDataset:
    """A `Dataset` of a TFDS dataset, which is downloaded and prepared if it is not there yet.

    A photo's name is its split and its number, such as "train_000012", also in a part of the split ("train[:80%]").
    Photos are read where they lie in the prepared files, one at a time: nothing but tags and positions is kept in
    memory. Masks are those of a feature "segmentation", if there is one: one channel, label i + 1 for class i.

    Args:
        name: as `tfds.load` takes it: "voc/2012", "coco/2014:1.1.0", "voc2012_segmentation".
        data_dir: where TFDS keeps its datasets; None is TFDS's own default.
        label: the feature to take tags from, such as "objects/label"; None finds it.

    Raises:
        UserError: there is no such dataset, it cannot be prepared, or it has no image or no labels.
    """

    def __init__(self, name: str, data_dir: str | None = None, label: str | None = None) -> None:
        self._where = f"data.tfds {name}"
        builder = _prepared(name, data_dir, self._where)
        features = builder.info.features
        self._image = _image_feature(features, self._where)
        self._labels = find_labels(features, label, self._where)
        self.class_names = self._labels.class_names
        self._splits = builder.info.splits
        self._shards = {split: _shards(info) for split, info in self._splits.items()}
        self._records: dict[Path, Sequence[bytes]] = {}
        read = [self._image, self._labels.path[0], *([_MASK] if _has_masks(features) else [])]
        # one for each feature, so that reading one does not decode the others
        self._readers = {name: tfds.features.FeaturesDict({name: features[name]}) for name in read}
        self._tags: dict[str, np.ndarray] = {}

    def names(self, split: str) -> list[str]:
        """The photos of a split, or of a part of one such as "train[:80%]", in the order of the files."""
        try:
            parts = self._splits[split].file_instructions
        except (ValueError, KeyError, AssertionError):  # what TFDS raises for what it cannot parse or find
            there_are = ", ".join(sorted(self._splits))
            raise UserError(f"{self._where}: there is no split {split!r}: it has {there_are}") from None
        firsts = {str(path): (base, first) for base, shards in self._shards.items() for path, first in shards}
        names = []
        for part in parts:
            base, first = firsts[str(part.filename)]
            count = part.examples_in_shard - part.skip if part.take < 0 else part.take
            names += [f"{base}_{first + part.skip + index:06d}" for index in range(count)]
        if not names:
            raise UserError(f"{self._where}: no image left: the split {split!r} is empty")
        return names

    def image(self, name: str) -> np.ndarray:
        """The photo: uint8 [H,W,3], RGB."""
        return decode_image(self._encoded(name, self._image), f"{self._where}: {name}")

    def tags(self, name: str) -> np.ndarray:
        """The photo's tags: float32 [C] in {0, 1}, read-only."""
        if name not in self._tags:
            example = self._read(name, self._labels.path[0])
            try:
                tags = self._labels.vector(example)
            except UserError as error:
                raise UserError(f"{self._where}: {name}: {error}") from None
            tags.setflags(write=False)
            self._tags[name] = tags
        return self._tags[name]

    def mask(self, name: str) -> np.ndarray:
        """The true labels, for evaluation only: uint8 [H,W], 0..C, 255 = ignore."""
        if _MASK not in self._readers:
            raise UserError(f"{self._where}: has no masks (a feature {_MASK!r} of one channel): evaluation needs them")
        return decode_mask(self._encoded(name, _MASK), f"{self._where}: {name}", len(self.class_names))

    def training_mask(self, name: str, drawing: Drawing = AS_DRAWN) -> np.ndarray | None:
        """What is known of the pixels, for training that may learn from masks: as `mask`, 255 = unknown, or None."""
        return self.mask(name) if _MASK in self._readers else None

    def _encoded(self, name: str, feature: str) -> bytes:
        """An image feature as the file holds it; TFDS's own decoder would leave greyscale grey."""
        return self._read(name, feature, {feature: tfds.decode.SkipDecoding()})[feature]

    def _read(self, name: str, feature: str, decoders: dict[str, Any] | None = None) -> dict[str, Any]:
        """One feature of one example."""
        split, _, index = name.rpartition("_")
        position = int(index)
        path, first = next((path, first) for path, first in reversed(self._shards[split]) if first <= position)
        if path not in self._records:
            self._records[path] = open_records(path)
        return self._readers[feature].deserialize_example_np(self._records[path][position - first], decoders=decoders)


def _prepared(name: str, data_dir: str | None, where: str) -> tfds.core.DatasetBuilder:
    try:
        builder = tfds.builder(name, data_dir=data_dir)
        builder.download_and_prepare()
    except UserError:  # of this project's own builders
        raise
    except tfds.core.DatasetNotFoundError:
        known = tfds.list_builders(with_community_datasets=False)
        nearest = difflib.get_close_matches(name.partition("/")[0].partition(":")[0], known, n=1)
        hint = f"did you mean {nearest[0]}?" if nearest else "tfds.list_builders() lists all"
        raise UserError(f"{where}: there is no such dataset: {hint}") from None
    except Exception as error:  # each dataset's code fails in its own ways: no network, a manual download, a checksum
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise UserError(f"{where}: cannot be prepared: {' '.join(lines[:3]) or type(error).__name__}") from error
    return builder


def _shards(split: tfds.core.SplitInfo) -> list[tuple[Path, int]]:
    """A split's files, and the number of the first example in each."""
    firsts = np.cumsum([0, *split.shard_lengths[:-1]]).tolist()
    return [(Path(path), first) for path, first in zip(split.filepaths, firsts, strict=True)]


def _has_masks(features: tfds.features.FeaturesDict) -> bool:
    feature = dict(features.items()).get(_MASK)
    return isinstance(feature, tfds.features.Image) and feature.shape[-1] == 1 and feature.np_dtype == np.uint8


def _image_feature(features: tfds.features.FeaturesDict, where: str) -> str:
    """The name of the photo's feature: "image", or the only one that is an image of three channels."""
    images = [
        name
        for name, feature in features.items()
        if type(feature) is tfds.features.Image and feature.np_dtype in (np.uint8, np.uint16) and name != _MASK
    ]
    if "image" in images:
        return "image"
    if len(images) == 1:
        return images[0]
    raise UserError(f"{where}: has no feature 'image'; its features are {', '.join(sorted(features))}")
