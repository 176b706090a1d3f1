"""50 times, something in a folder of each form is spoilt: it is read, or refused in one line that names it."""

import random
from pathlib import Path

import numpy as np
import pytest
from generated_layouts import annotation_files, spoilt
from written_layouts import FORMS, photos, write
from written_masks import MASK_FORMS, write_masks

from wsfcn_tf.data.datasets.layout_folder import LayoutFolder
from wsfcn_tf.data.datasets.opening import open_layout
from wsfcn_tf.errors import UserError

CASES = 50


def check(root, layout):
    """Whether it is read."""
    try:
        folder = open_layout(root, layout).folder
    except UserError as error:
        message = str(error)
        assert str(root) in message and message == message.strip()
        assert len(message.splitlines()) == 1 and len(message) < 1000
        return False
    if isinstance(folder, LayoutFolder):
        names = [name for split in folder.splits() for name in folder.names(split)]
        assert names and folder.class_names and all(name == name.strip() and name for name in folder.class_names)
        for name in names:
            check_mask(folder, name)
        assert all(
            folder.path(name).is_file() and folder.tags(name).shape == (len(folder.class_names),) for name in names
        )
    return True


def check_mask(folder, name):
    """A mask has labels of classes only, or is refused in one line."""
    try:
        mask = folder.mask(name)
    except UserError as error:
        message = str(error)
        assert str(folder.root) in message and len(message.splitlines()) == 1 and len(message) < 1000
        return
    assert mask.dtype == np.uint8 and mask.ndim == 2
    assert set(np.unique(mask).tolist()) <= {*range(1 + len(folder.class_names)), 255}


@pytest.mark.parametrize("form", [*FORMS, *MASK_FORMS])
def test_annotations(tmp_path, form):
    (write if form in FORMS else write_masks)(tmp_path, form)
    layout, files, were_read = (FORMS | MASK_FORMS)[form][0], annotation_files(tmp_path), []
    for seed in range(CASES):
        rng = random.Random(seed)
        path = rng.choice(files)
        before = path.read_bytes()
        path.write_bytes(spoilt(rng, path))
        were_read.append(check(tmp_path, layout))
        check(tmp_path, "auto")
        path.write_bytes(before)
    assert check(tmp_path, layout) and 0 < sum(were_read) < CASES  # neither all spoilt, nor none


def test_image_folder(tmp_path):
    names = (
        "train",
        "val",
        "valid",
        "test",
        "cat",
        "dog",
        "background",
        "é",
        " a ",
        "a;b",
        "a\u2028b",
        "masks",
        "x.jpg",
    )
    were_read = []
    for seed in range(CASES):
        rng = random.Random(seed)
        root = Path(tmp_path / str(seed))
        for _ in range(rng.randrange(1, 5)):
            photos(root, "/".join(rng.choices(names, k=rng.randrange(3))), rng.choice("abc"))
        were_read.append(check(root, "image_folder"))
        check(root, "auto")
    assert 0 < sum(were_read) < CASES
