"""Folders of other tools, opened as training opens them."""

import numpy as np
import pytest

from wsfcn_tf.config import DataConfig
from wsfcn_tf.data.datasets.dataset import open_dataset
from wsfcn_tf.errors import UserError


def opened(root, layout="auto", **choices):
    """The dataset, and what is told about it."""
    told = []
    return open_dataset(DataConfig(format=layout, root=str(root), **choices), tell=told.append), told


def shown(dataset, split="train"):
    """{photo's name without folders and suffix: its tags}"""
    names = np.array(dataset.class_names)
    found = {name: tuple(names[dataset.tags(name) > 0]) for name in dataset.names(split)}
    assert all(dataset.image(name).shape == (20, 24, 3) for name in found)
    return {name.rpartition("/")[2].rpartition(".")[0]: tags for name, tags in found.items()}


def refused(root, layout="auto", **choices):
    with pytest.raises(UserError) as error:
        opened(root, layout, **choices)
    return str(error.value).replace(str(root), "ROOT")
