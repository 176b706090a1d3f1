import numpy as np
from hypothesis import given
from pycocotools import mask as coco_mask
from shapes import masks, unpacked

from wsfcn_tf.data.annotations.run_lengths import brush_runs, coco_runs, row_runs


@given(masks())
def test_label_studio_s(mask):
    rgba = unpacked(brush_runs(mask)).reshape(*mask.shape, 4)
    np.testing.assert_array_equal(rgba, np.repeat(255 * mask[..., None].astype(np.uint8), 4, axis=-1))


def test_label_studio_s_longest_runs():
    mask = np.zeros((300, 400), bool)  # 480,000 values, more than 16 bits count
    mask[100:250] = True
    assert len(brush_runs(mask)) < 60
    np.testing.assert_array_equal(unpacked(brush_runs(mask)).reshape(300, 400, 4)[..., 3] > 0, mask)


@given(masks())
def test_cvat_s(mask):
    runs = row_runs(mask)
    values = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    np.testing.assert_array_equal(values.reshape(mask.shape), mask)
    assert all(run > 0 for run in runs[1:])


@given(masks())
def test_coco_s(mask):
    runs = coco_runs(mask)
    assert isinstance(runs["counts"], str)
    np.testing.assert_array_equal(coco_mask.decode(runs).astype(bool), mask)
