"""What both builders share: their features, and examples from a `Plan`."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from wsfcn_tf.data.prepare.plan import Plan, read_labels
from wsfcn_tf.errors import UserError


def segmentation_features(class_names: Sequence[str]) -> tfds.features.FeaturesDict:
    """The features of an example.

    `image`: the photo, uint8 [H,W,3]. `tags`: int64 [T], what is in it; class_names[i] is i here, and label i + 1 in
    the mask. `segmentation`: the mask, uint8 [H,W,1], 0 = background, 255 = ignore. `file_name`: the photo's.
    """
    return tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(shape=(None, None, 3), encoding_format="jpeg"),
            "tags": tfds.features.Sequence(tfds.features.ClassLabel(names=class_names)),
            "segmentation": tfds.features.Image(shape=(None, None, 1), dtype=np.uint8, encoding_format="png"),
            "file_name": tfds.features.Text(),
        }
    )


def examples(plan: Plan, split: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The split's examples by name, for a builder's `_generate_examples`.

    Raises:
        UserError: an image cannot be used.
    """
    for name in plan.splits[split]:
        if name in plan.missing:
            raise UserError(plan.missing[name])
        example = plan.examples[name]
        labels = read_labels(example)
        yield (
            name,
            {
                "image": example.photo,
                "tags": list(example.tags(labels)),
                "segmentation": labels[..., None],
                "file_name": example.photo.name,
            },
        )
