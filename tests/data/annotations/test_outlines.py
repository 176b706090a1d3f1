import numpy as np
from hypothesis import given
from scipy import ndimage
from shapes import inside, masks

from wsfcn_tf.data.annotations.outlines import regions, rings_through_pixels


@given(masks())
def test_rings_go_around_all_of_a_region_and_nothing_else(mask):
    found = regions(mask)
    components, count = ndimage.label(mask)
    assert len(found) == count
    together = np.zeros(mask.shape, int)
    for region in found:
        odd = np.zeros(region.mask.shape, bool)
        for ring in region.rings:
            odd ^= inside(ring, *region.mask.shape)
        np.testing.assert_array_equal(odd, region.mask)
        together += region.within(*mask.shape)
        assert len(np.unique(components[region.within(*mask.shape)])) == 1
    np.testing.assert_array_equal(together, mask)


@given(masks())
def test_the_outline_comes_first_and_holes_are_those_of_the_background(mask):
    for region in regions(mask):
        background = np.pad(~region.mask, 1, constant_values=True)
        _, count = ndimage.label(background, structure=np.ones((3, 3)))
        assert len(region.rings) == count  # one outside, and the holes
        areas = [np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) for x, y in (ring.T for ring in region.rings)]
        assert areas[0] > 0 and all(area < 0 for area in areas[1:])


@given(masks())
def test_rings_through_pixels_are_those_at_the_border(mask):
    for region in regions(mask):
        touched = np.zeros_like(region.mask)
        rings = rings_through_pixels(region.mask)
        for ring in rings:
            assert len(ring) >= 3 and np.abs(np.roll(ring, -1, axis=0) - ring).max() <= 1
            touched[ring[:, 1], ring[:, 0]] = True
        border = region.mask & ~ndimage.binary_erosion(np.pad(region.mask, 1))[1:-1, 1:-1]
        np.testing.assert_array_equal(touched, border)
        assert np.ptp(rings[0], axis=0).tolist() == [side - 1 for side in region.mask.shape[::-1]]  # the outline first


def test_a_square_has_four_corners():
    mask = np.zeros((6, 7), bool)
    mask[1:4, 2:6] = True
    (region,) = regions(mask)
    assert (region.left, region.top, region.mask.shape) == (2, 1, (3, 4))
    assert sorted(map(tuple, region.rings[0].tolist())) == [(0, 0), (0, 3), (4, 0), (4, 3)]
    (ring,) = rings_through_pixels(region.mask)
    assert len(ring) == 10 and {(0, 0), (0, 2), (3, 0), (3, 2)} <= set(map(tuple, ring.tolist()))


def test_nothing_has_no_regions():
    assert regions(np.zeros((3, 4), bool)) == []
