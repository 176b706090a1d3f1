import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from wsfcn_tf.data.masks.labelme import read_labelme
from wsfcn_tf.errors import UserError

CLASSES = ("cat", "dog")


def save(path, *shapes, height=8, width=10, **changes):
    content = {"version": "5.4.1", "imageHeight": height, "imageWidth": width, "shapes": list(shapes), **changes}
    path.write_text(json.dumps(content))
    return path


def shape(label, *points, **more):
    return {"label": label, "points": points, "flags": {}, **more}


def test_polygons_and_their_order(tmp_path):
    """Edges through pixel centres count as inside, as in LabelMe."""
    path = save(
        tmp_path / "a.json",
        shape("dog", [1, 1], [6, 1], [6, 5], [1, 5]),
        shape("cat", [3.0, 3.0], [8.0, 3.0], [8.0, 6.0], [3.0, 6.0], shape_type="polygon"),
        shape("__ignore__", [0, 0], [0, 1], [0, 0]),
        shape("_background_", [4, 4], [5, 4], [5, 5], [4, 5]),
    )
    expected = np.zeros((8, 10), np.uint8)
    expected[1:6, 1:7] = 2
    expected[3:7, 3:9] = 1
    expected[0:2, 0] = 255
    expected[4:6, 4:6] = 0
    mask = read_labelme(path, CLASSES)
    assert mask.dtype == np.uint8
    np.testing.assert_array_equal(mask, expected)


def test_circle(tmp_path):
    circle = shape("cat", [20, 15], [20, 5], shape_type="circle")
    mask = read_labelme(save(tmp_path / "a.json", circle, height=31, width=41), CLASSES)
    rows, columns = np.mgrid[:31, :41]
    distance = np.hypot(rows - 15, columns - 20)
    assert mask[distance < 9.5].all() and not mask[distance > 10.5].any()


def test_painted_mask(tmp_path):
    part = np.array([[True, False, True], [False, True, True]])
    stream = io.BytesIO()
    Image.fromarray(part).save(stream, format="PNG")
    painted = shape("dog", [4, 2], [6, 3], shape_type="mask", mask=base64.b64encode(stream.getvalue()).decode())
    expected = np.zeros((8, 10), np.uint8)
    expected[2:4, 4:7] = 2 * part
    np.testing.assert_array_equal(read_labelme(save(tmp_path / "a.json", painted), CLASSES), expected)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (shape("cta", [0, 0], [0, 1], [1, 1]), "tag 'cta' is not in the class list: did you mean 'cat'?"),
        (shape("cat", [0, 0], [0, 1]), "a polygon cannot have 2 points: draw it again"),
        (shape("cat", [0, 0], shape_type="point"), "a point has no area: draw a polygon instead"),
        (shape("cat", [0, 0], [3, 3], shape_type="rectangle"), "rectangle is {box}"),
        (shape("__ignore__", [0, 0], [3, 3], shape_type="rectangle"), "rectangle is {box}"),
        (shape("cat", [0, 0], [3, 0], [3, 3], [0, 3], shape_type="oriented_rectangle"), "oriented_rectangle is {box}"),
        (shape("cat", [0, 0], shape_type=[1]), "a [1] has no area: draw a polygon instead"),
        (shape("cat", [0, 0], [1, 1], [2, 2], shape_type="circle"), "a circle cannot have 3 points: draw it again"),
        (shape("cat", [0, 0], [0, 1e300], [1, 1]), "{points}"),
        (shape("cat", [0, 0], [0], [1, 1]), "{points}"),
        (shape("cat", [0, 0], ["a", 1], [1, 1]), "{points}"),
        ({"label": "cat"}, "is not LabelMe's: there is no 'points' in it"),
        ("cat", "is not LabelMe's: there is no 'label' in it"),
        (
            shape("cat", [0, 0], [1, 1], shape_type="mask", mask="AAAA"),
            "its mask cannot be read as a PNG: draw it again",
        ),
    ],
)
def test_mistakes_in_shapes(tmp_path, wrong, message):
    path = save(tmp_path / "a.json", shape("dog", [0, 0], [0, 1], [1, 1]), wrong)
    with pytest.raises(UserError) as error:
        read_labelme(path, CLASSES)
    box = "a kind of box, and boxes are not filled: draw a polygon instead"
    points = "its points are not pairs of numbers within a picture: draw it again"
    assert str(error.value) == f"{path}: shape 2: {message.format(points=points, box=box)}"


@pytest.mark.parametrize(
    "changes", [{"imageHeight": -1}, {"imageHeight": True}, {"imageWidth": "8"}, {"imageWidth": 10**9}, {"shapes": {}}]
)
def test_not_labelmes(tmp_path, changes):
    path = save(tmp_path / "a.json", **changes)
    with pytest.raises(UserError) as error:
        read_labelme(path, CLASSES)
    expected = "is not LabelMe's: imageHeight and imageWidth are sizes, and shapes is a list, there"
    assert str(error.value) == f"{path}: {expected}"


def test_nan(tmp_path):
    path = save(tmp_path / "a.json", shape("cat", [0, 0], [0, float("nan")], [1, 1]))
    with pytest.raises(UserError) as error:
        read_labelme(path, CLASSES)
    assert str(error.value) == f"{path}: is not JSON that can be read: NaN is not a JSON value"
