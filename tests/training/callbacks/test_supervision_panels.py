import numpy as np
import pytest
import tensorflow as tf
from tiny_loops import CONFIG, SCENES, compiled_model

from wsfcn_tf.data.pipeline import validation_batches
from wsfcn_tf.errors import UserError
from wsfcn_tf.objective.objective import Supervision
from wsfcn_tf.training.callbacks import SupervisionPanels, TensorBoardScalars, supervision_panels
from wsfcn_tf.training.callbacks.supervision_panels import supervision_panel

NAMES = SCENES.names("train")


class TornScene:
    """The first photo cannot be read."""

    class_names = SCENES.class_names
    tags = staticmethod(SCENES.tags)

    def image(self, name):
        if name == NAMES[0]:
            raise UserError(f"{name}: is torn")
        return SCENES.image(name)


def pictures(folder):
    """(epoch, uint8 [H, W, 3]) of each."""
    found = []
    for path in folder.glob("events.*"):
        for text in tf.data.TFRecordDataset(str(path)):
            event = tf.compat.v1.Event.FromString(text.numpy())
            for value in event.summary.value:
                assert value.tag == "train/supervision"
                found.append((event.step, tf.io.decode_png(value.tensor.string_val[2]).numpy()))
    return found


def test_the_same_photos_after_each_epoch(tmp_path, monkeypatch):
    seen = []

    def panel(images, supervision, class_names):
        seen.append((np.asarray(images), supervision, class_names))
        return np.full([4, 5, 3], len(seen), np.uint8)

    monkeypatch.setattr(supervision_panels, "supervision_panel", panel)
    scalars = TensorBoardScalars(tmp_path)
    panels = SupervisionPanels(scalars, TornScene(), NAMES, 2, CONFIG.data)
    panels.set_model(compiled_model())
    scalars.on_epoch_begin(0)
    for epoch in range(2):
        panels.on_epoch_end(epoch)
    scalars.on_train_end()

    (expected,) = validation_batches(SCENES, NAMES[1:3], CONFIG.data, 2)
    for images, supervision, class_names in seen:
        np.testing.assert_array_equal(images, expected)
        assert supervision.pseudo.shape == (2, 16, 16, 7) and class_names == SCENES.class_names
        untagged = 1 - np.stack([SCENES.tags(name) for name in NAMES[1:3]])
        assert not (supervision.pseudo.numpy().sum(axis=(1, 2))[:, 1:] * untagged).any()
    (first, one), (second, other) = pictures(tmp_path)
    assert (first, second) == (1, 2) and (one == 1).all() and (other == 2).all()


@pytest.mark.parametrize("label", [0, 1, None])
def test_a_row_has_photo_masks_refined_masks_and_pseudo_labels(label):
    images = np.zeros([2, 8, 8, 3], np.float32)
    masks = np.zeros([2, 8, 8, 3], np.float32)
    masks[..., 2] = 1
    pseudo = np.zeros_like(masks)
    if label is not None:
        pseudo[..., label] = 1
    same = Supervision(masks, masks, masks)
    one = supervision_panel(images, same, ("cat", "dog"))
    other = supervision_panel(images, Supervision(masks, masks, pseudo), ("cat", "dog"))
    assert one.dtype == np.uint8 and one.shape == other.shape
    columns = np.flatnonzero((one != other).any(axis=(0, 2)))
    assert columns.size and columns.min() > one.shape[1] // 2  # only the last column differs
