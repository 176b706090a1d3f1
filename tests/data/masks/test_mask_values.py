import io
import shlex

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from wsfcn_tf.config import ExperimentConfig
from wsfcn_tf.config.reading import override
from wsfcn_tf.data.masks.mask_values import MaskValues, setting_for
from wsfcn_tf.errors import UserError

CLASSES = ("cat", "dog")
BINARY = {0: "background", 255: "cat"}
THREE = {0: "background", 128: "ignore", 255: "dog"}
VALUES = np.array([[0, 255, 255], [255, 0, 0]])


def saved(path, values, mode="L", **options):
    """A file of values, uint8 [H,W], in one of Pillow's modes."""
    image = Image.fromarray(np.asarray(values, np.uint16 if mode == "I;16" else np.uint8))
    if mode == "P":
        image.putpalette(np.random.default_rng(0).integers(0, 256, 768, dtype=np.uint8).tobytes())
    elif mode not in ("L", "I;16"):
        image = image.convert(mode)
    image.save(path, **options)
    return path


def read(path, names):
    mask = MaskValues(names, CLASSES).read_mask(path)
    assert mask.dtype == np.uint8
    return mask.tolist()


def refused(path, names):
    with pytest.raises(UserError) as error:
        MaskValues(names, CLASSES).read_mask(path)
    return str(error.value)


@pytest.mark.parametrize("mode", ["L", "P", "1", "RGB", "RGBA", "LA", "I;16"])
@pytest.mark.parametrize("kind", ["png", "tif"])
def test_binary_masks_of_every_kind(tmp_path, mode, kind):
    assert read(saved(tmp_path / f"a.{kind}", VALUES, mode), BINARY) == [[0, 1, 1], [1, 0, 0]]


def test_bits_are_0_and_1_or_0_and_255(tmp_path):
    path = saved(tmp_path / "a.png", VALUES, "1")
    assert read(path, {0: "background", 1: "dog"}) == read(path, {0: "background", 1: "dog", 255: "cat"})
    assert read(path, {0: "background", 1: "dog"}) == [[0, 2, 2], [2, 0, 0]]
    assert read(path, {0: "cat", 255: "background"}) == [[1, 0, 0], [0, 1, 1]]


def test_three_tones_and_16_bits(tmp_path):
    assert read(saved(tmp_path / "a.png", [[0, 128, 255]]), THREE) == [[0, 255, 2]]
    names = {0: "background", 300: "dog", 65535: "ignore"}
    assert read(saved(tmp_path / "b.png", [[300, 65535, 0]], "I;16"), names) == [[2, 255, 0]]


def test_a_value_without_a_meaning(tmp_path):
    path = saved(tmp_path / "a.png", [[0, 255], [0, 254]])
    expected = "value 254 (row 1, column 1) is not in data.mask_values, which has 0, 128, 255"
    assert refused(path, THREE) == f"{path}: {expected}: add it, or draw without smooth edges"


@given(data=st.data())
@settings(max_examples=30)
def test_a_jpegs_values_are_the_nearest_ones(tmp_path_factory, data):
    """Whatever the quality, and although no edge is left as it was drawn, nearly all pixels are."""
    path = tmp_path_factory.getbasetemp() / "mask.jpg"
    values = np.zeros((64, 64), np.uint8)
    row, column = (data.draw(st.integers(8, 40)) for _ in "yx")
    values[row : row + 20, column : column + 20] = 255
    values[row + 20 :] = 128
    mode, quality = data.draw(st.sampled_from(["L", "RGB"])), data.draw(st.integers(60, 100))
    saved(path, values, mode, quality=quality)
    with Image.open(path) as image:
        assert quality == 100 or len(np.unique(np.array(image.convert("L")))) > 3
    mask = MaskValues(THREE, CLASSES).read_mask(path)
    expected = np.array([0, 255, 2], np.uint8)[values // 127]
    assert (mask != expected).mean() < 0.02


def test_a_jpeg_whose_values_are_near(tmp_path):
    path = saved(tmp_path / "a.jpg", VALUES)
    expected = "is a JPEG, in which values of data.mask_values cannot be told apart that are nearer than 32"
    assert refused(path, {0: "background", 1: "cat"}) == f"{path}: {expected}: save it as a PNG"
    assert read(path, {255: "cat"}) == [[1, 1, 1], [1, 1, 1]]


def test_colours_and_transparency(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(np.uint8([[[255, 0, 0]]])).save(path)
    assert refused(path, BINARY) == f"{path}: holds colours, not values: say in legend.csv what they mean"
    Image.fromarray(np.full((16, 16, 3), (0, 0, 255), np.uint8)).save(path, "JPEG")
    assert refused(path, BINARY) == f"{path}: holds colours, not values: say in legend.csv what they mean"
    Image.fromarray(np.uint8([[[0, 0, 0, 255], [255, 255, 255, 0]]])).save(path)
    assert refused(path, BINARY) == f"{path}: a mask may not be transparent: save it without an alpha channel"
    stream = io.BytesIO()
    Image.fromarray(np.zeros((2, 2), np.float32)).save(stream, "TIFF")
    path.write_bytes(stream.getvalue())
    assert refused(path, BINARY) == f"{path}: a mask cannot be F: save it as a PNG of 8 or 16 bits"


def test_a_name_that_is_no_class():
    with pytest.raises(UserError) as error:
        MaskValues({255: "cta"}, CLASSES)
    hint = "tag 'cta' is not in the class list: did you mean 'cat'?"
    assert str(error.value) == f"data.mask_values: value 255: {hint}"


@pytest.mark.parametrize(
    ("values", "classes", "expected"),
    [
        ({0, 255}, ("cat",), {0: "background", 255: "cat"}),
        ({255}, CLASSES, {0: "background", 255: "cat"}),
        ({0, 128, 255}, ("cat",), {0: "background", 128: "ignore", 255: "cat"}),
        ({0, 128, 255}, CLASSES, {0: "background", 128: "cat", 255: "dog"}),
        ({0, 50, 100, 150}, CLASSES, {0: "background", 50: "CLASS", 100: "CLASS", 150: "CLASS"}),
        ({0, 255}, ("it's no, cat",), {0: "background", 255: "it's no, cat"}),
        ({0, 1}, ("no",), {0: "background", 1: "no"}),
    ],
)
def test_what_is_proposed_can_be_pasted(values, classes, expected):
    """Through a shell and YAML."""
    (setting,) = shlex.split(setting_for(values, classes))
    assert override(ExperimentConfig(), [setting]).data.mask_values == expected
