import numpy as np
import pytest

from wsfcn_tf.data.masks.png import voc_palette
from wsfcn_tf.visualisation.panels import legend, panel


def solid(height, width, colour):
    return np.full((height, width, 3), colour, np.uint8)


def find(sheet, colour):
    """Top, left, height and width of the box around all pixels of a colour."""
    rows, columns = np.nonzero((sheet == colour).all(-1))
    return rows.min(), columns.min(), np.ptp(rows) + 1, np.ptp(columns) + 1


def test_panel_places_and_enlarges_pictures():
    red, green, blue, pink = [255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 0, 255]
    rows = [[solid(10, 40, red), solid(20, 60, green)], [solid(30, 40, blue), solid(8, 30, pink)]]
    sheet = panel(rows, ["one", "two"], scale=2)
    boxes = [find(sheet, colour) for colour in (red, green, blue, pink)]
    assert [box[2:] for box in boxes] == [(20, 80), (40, 120), (60, 80), (16, 60)]
    tops, lefts, heights, widths = zip(*boxes)
    middles = [top + height / 2 for top, height in zip(tops, heights)]
    centres = [left + width / 2 for left, width in zip(lefts, widths)]
    assert middles[0] == middles[1] < middles[2] == middles[3]
    assert centres[0] == centres[2] < centres[1] == centres[3]
    assert lefts[0] + widths[0] < lefts[1]
    assert (sheet[0] == 255).all() and (sheet[-1] == 255).all()
    assert (sheet[: tops[1]] < 128).any(), "no title is drawn above the pictures"


def test_panel_enlarges_pixel_by_pixel():
    picture = np.random.default_rng(0).integers(0, 255, (4, 30, 3), dtype=np.uint8)
    sheet = panel([[picture]], [""], scale=3)
    top = np.flatnonzero((sheet != 255).any((1, 2)))[0]
    left = np.flatnonzero((sheet != 255).any((0, 2)))[0]
    np.testing.assert_array_equal(sheet[top : top + 12 : 3, left : left + 90 : 3], picture)
    np.testing.assert_array_equal(sheet[top + 2 : top + 12 : 3, left + 2 : left + 90 : 3], picture)


def test_panel_needs_a_title_per_column():
    with pytest.raises(ValueError):
        panel([[solid(4, 40, 0)]], ["one", "two"])


def test_legend_shows_every_class_and_wraps():
    names = [f"class {i}" for i in range(1, 21)]
    narrow, wide = legend(names, 160), legend(names, 4000)
    assert (narrow.shape[1], wide.shape[1]) == (160, 4000)
    assert narrow.shape[0] > 5 * wide.shape[0]
    for label in range(1, 21):
        assert (narrow == voc_palette()[label]).all(-1).any(), f"class {label} has no swatch"
    sheet = panel([[solid(4, 400, 9)]], ["one"], class_names=names)
    assert (sheet == voc_palette()[20]).all(-1).any()
