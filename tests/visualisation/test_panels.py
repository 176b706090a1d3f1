import numpy as np
import pytest
from PIL import Image

from wsfcn_tf.data.masks import voc_palette
from wsfcn_tf.visualisation import colourise, legend, overlay, panel, save_image


def solid(height, width, colour):
    return np.full((height, width, 3), colour, np.uint8)


def find(sheet, colour):
    """Top, left, height and width of the box around all pixels of a colour."""
    rows, columns = np.nonzero((sheet == colour).all(-1))
    return rows.min(), columns.min(), np.ptp(rows) + 1, np.ptp(columns) + 1


def test_colourise_uses_the_voc_palette():
    coloured = colourise(np.array([[0, 1, 2, 255]], np.uint8))
    assert coloured.dtype == np.uint8
    assert coloured[0, :3].tolist() == [[0, 0, 0], [128, 0, 0], [0, 128, 0]]
    assert coloured[0, 3].min() > 190


def test_overlay_tints_regions_outlines_them_and_leaves_the_background():
    labels = np.zeros((9, 9), np.uint8)
    labels[2:7, 2:7] = 1
    image = np.random.default_rng(0).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    mixed = overlay(image, labels, alpha=0.25)
    np.testing.assert_array_equal(mixed[labels == 0], image[labels == 0])
    inside = (slice(3, 6), slice(3, 6))
    np.testing.assert_allclose(mixed[inside], 0.75 * image[inside] + 0.25 * voc_palette()[1], atol=0.5)
    assert (mixed[2, 2:7] == voc_palette()[1]).all()
    assert mixed.dtype == np.uint8


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


def test_save_image_keeps_the_pixels_and_leaves_nothing_else(tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    save_image(tmp_path / "new" / "a.png", picture)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "new" / "a.png")), picture)
    save_image(tmp_path / "new" / "a.jpg", picture)
    with Image.open(tmp_path / "new" / "a.jpg") as written:
        assert (written.format, written.size) == ("JPEG", (6, 5))
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["a.jpg", "a.png"]
