import numpy as np
from PIL import Image

from wsfcn_tf.data.masks.png import voc_palette
from wsfcn_tf.visualisation.overlays import colourise, overlay, save_image


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


def test_save_image_keeps_the_pixels_and_leaves_nothing_else(tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    save_image(tmp_path / "new" / "a.png", picture)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "new" / "a.png")), picture)
    save_image(tmp_path / "new" / "a.jpg", picture)
    with Image.open(tmp_path / "new" / "a.jpg") as written:
        assert (written.format, written.size) == ("JPEG", (6, 5))
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["a.jpg", "a.png"]
