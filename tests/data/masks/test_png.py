import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from wsfcn_tf.data.masks.png import read_mask, voc_palette, write_mask
from wsfcn_tf.errors import UserError


@given(labels=arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(0, 255)))
def test_what_was_written_is_read(tmp_path_factory, labels):
    path = tmp_path_factory.mktemp("masks") / "mask.png"
    write_mask(path, labels)
    read = read_mask(path, 254)
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, labels)


def test_written_mask_shows_the_palette(tmp_path):
    labels = np.array([[0, 1], [15, 255]], np.uint8)
    write_mask(tmp_path / "mask.png", labels)
    with Image.open(tmp_path / "mask.png") as image:
        np.testing.assert_array_equal(np.array(image.convert("RGB")), voc_palette()[labels])
    assert [path.name for path in tmp_path.iterdir()] == ["mask.png"]


def test_palette_is_vocs():
    palette = voc_palette()
    assert palette.shape == (256, 3) and palette.dtype == np.uint8
    known = {0: (0, 0, 0), 1: (128, 0, 0), 4: (0, 0, 128), 8: (64, 0, 0), 15: (192, 128, 128), 20: (0, 64, 128)}
    assert {label: tuple(palette[label]) for label in known} == known
    assert tuple(palette[255]) == (224, 224, 192)
    assert len(np.unique(palette, axis=0)) == 256


def test_greyscale_index_png(tmp_path):
    labels = np.array([[0, 3], [255, 2]], np.uint8)
    Image.fromarray(labels).save(tmp_path / "mask.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "mask.png", 3), labels)


def test_value_outside_the_classes(tmp_path):
    path = tmp_path / "mask.png"
    write_mask(path, np.array([[0, 255], [37, 4]], np.uint8))
    with pytest.raises(UserError) as error:
        read_mask(path, 3)
    assert str(error.value) == f"{path}: label 4 is outside the classes (0 to 3, 255 = ignore)"


def test_colours_instead_of_labels(tmp_path):
    path = tmp_path / "mask.png"
    Image.fromarray(np.zeros((2, 2, 3), np.uint8)).save(path)
    with pytest.raises(UserError) as error:
        read_mask(path, 3)
    expected = "a mask has to be an index PNG (palette or 8-bit greyscale), but this one is RGB"
    advice = "convert it, or say in legend.csv what its colours mean"
    assert str(error.value) == f"{path}: {expected}: {advice}"


def test_labels_of_16_bits(tmp_path):
    path = tmp_path / "mask.png"
    Image.fromarray(np.array([[0, 3], [255, 2]], np.uint16)).save(path)
    mask = read_mask(path, 3)
    assert mask.dtype == np.uint8 and mask.tolist() == [[0, 3], [255, 2]]
    Image.fromarray(np.array([[0, 256 + 3]], np.uint16)).save(path)
    with pytest.raises(UserError, match=r"label 259 is outside the classes \(0 to 3, 255 = ignore\)$"):
        read_mask(path, 3)


def test_negative_numbers_are_no_labels(tmp_path):
    Image.fromarray(np.array([[0, -1]], np.int32)).save(tmp_path / "mask.tif")
    with pytest.raises(UserError, match=r"label -1 is outside the classes"):
        read_mask(tmp_path / "mask.tif", 3)


def test_what_needs_mask_values(tmp_path):
    path = tmp_path / "mask.png"
    Image.fromarray(np.array([[0, 255]], np.uint8)).convert("1").save(path)
    advice = "set data.mask_values, such as {0: background, 1: CLASS}"
    with pytest.raises(UserError) as error:
        read_mask(path, 3)
    assert str(error.value) == f"{path}: holds bits, and label 1 may be meant or all that is white: {advice}"
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(path, "JPEG")
    advice = "save it as a PNG, or set data.mask_values, such as {0: background, 255: CLASS}: the nearest of them is "
    with pytest.raises(UserError) as error:
        read_mask(path, 3)
    assert str(error.value) == f"{path}: is a JPEG, which does not keep values: {advice}then meant"


def test_missing_mask(tmp_path):
    with pytest.raises(UserError, match=r"mask\.png: there is no such file"):
        read_mask(tmp_path / "mask.png", 3)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_mask_that_is_cut_short(tmp_path, share):
    path = tmp_path / "mask.png"
    write_mask(path, np.random.default_rng(0).integers(0, 4, (40, 40), dtype=np.uint8))
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(UserError) as error:
        read_mask(path, 3)
    assert str(error.value) == f"{path}: cannot be read as a mask: replace it"
