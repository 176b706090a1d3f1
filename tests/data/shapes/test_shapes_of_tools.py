"""The same strokes, points and boxes as each tool writes them, read for training; evaluation does not see them."""

import json

import numpy as np
import pytest
from written_layouts import TAGS, photos, put
from written_masks import MASK_FORMS, write_masks
from written_masks import expected as whole

from wsfcn_tf.config import DataConfig
from wsfcn_tf.data.datasets.dataset import open_dataset
from wsfcn_tf.data.datasets.tagged import TaggedFolder
from wsfcn_tf.data.shapes.drawing import Drawing, stroke, upright_box
from wsfcn_tf.errors import UserError

HEIGHT, WIDTH = SIZE = (20, 24)
RADIUS = Drawing(radius=1)
POINT, LINE, BOX = (6, 5), [(2, 15), (12, 15), (18, 11)], (4, 3, 14, 12)  # the box: left, top, right, bottom


def expected(kind):
    """What is known of a photo: of a cat's point, line or box, or of a cat's box with a dog's line in the photo."""
    inside = upright_box(*BOX, SIZE)
    return {
        "point": np.where(stroke([POINT], SIZE, 1), 1, 255),
        "line": np.where(stroke(LINE, SIZE, 1), 1, 255),
        "box": np.where(inside, 255, 0),
        "both": np.where(stroke(LINE, SIZE, 1), 2, 255),
    }[kind]


# === Each tool ===

DRAWN = {"point": [("point", "cat")], "line": [("line", "cat")], "box": [("box", "cat")]}
DRAWN["both"] = [*DRAWN["box"], ("line", "dog")]


def labelme(kind):
    kinds = {
        "point": ("point", [POINT]),
        "line": ("linestrip", LINE),
        "box": ("rectangle", [BOX[:2], BOX[2:]]),
    }
    shapes = [{"label": tag, "shape_type": kinds[one][0], "points": kinds[one][1]} for one, tag in DRAWN[kind]]
    sizes = {"imageHeight": HEIGHT, "imageWidth": WIDTH, "imageData": None}
    return "a.json", json.dumps({"shapes": shapes, "flags": {}, "imagePath": "a.jpg", **sizes})


def cvat(kind):
    left, top, right, bottom = BOX
    line = ";".join(f"{x}.0,{y}.0" for x, y in LINE)
    kinds = {
        "point": f'<points label="{{}}" points="{POINT[0]},{POINT[1]}" z_order="0"></points>',
        "line": f'<polyline label="{{}}" points="{line}" z_order="0"></polyline>',
        "box": f'<box label="{{}}" xtl="{left}" ytl="{top}" xbr="{right}" ybr="{bottom}" z_order="0"></box>',
    }
    labels = "".join(f"<label><name>{name}</name></label>" for name in ("cat", "dog"))
    objects = "".join(kinds[one].format(tag) for one, tag in DRAWN[kind])
    image = f'<image id="0" name="a.jpg" width="{WIDTH}" height="{HEIGHT}">{objects}</image>'
    return "annotations.xml", f"<annotations><meta><task><labels>{labels}</labels></task></meta>{image}</annotations>"


def label_studio(kind):
    def share(x, y):
        return 100 * x / WIDTH, 100 * y / HEIGHT

    (x, y), (left, top), (right, bottom) = share(*POINT), share(*BOX[:2]), share(*BOX[2:])
    kinds = {
        "point": {"x": x, "y": y, "width": 1.5},
        "line": {"points": [share(*point) for point in LINE], "closed": False},
        "box": {"x": left, "y": top, "width": right - left, "height": bottom - top, "rotation": 0},
    }
    names = {"point": "keypointlabels", "line": "polygonlabels", "box": "rectanglelabels"}
    sizes = {"original_width": WIDTH, "original_height": HEIGHT, "image_rotation": 0}
    result = [{**sizes, "value": {**kinds[one], names[one]: [tag]}} for one, tag in DRAWN[kind]]
    task = {"id": 1, "data": {"image": "/data/upload/1/0123abcd-a.jpg"}, "annotations": [{"result": result}]}
    return "export.json", json.dumps([task])


def coco(kind):
    left, top, right, bottom = BOX
    annotation = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [left, top, right - left, bottom - top]}
    return "instances.json", json.dumps(
        {
            "images": [{"id": 1, "file_name": "a.jpg", "height": HEIGHT, "width": WIDTH}],
            "annotations": [annotation],
            "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
        }
    )


TOOLS = {"labelme": labelme, "cvat": cvat, "label_studio": label_studio, "coco": coco}
FORMS = [(tool, kind) for tool in TOOLS for kind in DRAWN if tool != "coco" or kind == "box"]


def opened(root, tool, kind):
    photos(root, names="a")
    put(root, "classes.txt", "cat\ndog\n")
    put(root, *TOOLS[tool](kind))
    return open_dataset(DataConfig(format=tool, root=str(root)))


@pytest.mark.parametrize(("tool", "kind"), FORMS)
def test_each_tool(tmp_path, tool, kind):
    folder = opened(tmp_path, tool, kind)
    np.testing.assert_array_equal(folder.training_mask("a.jpg", RADIUS), expected(kind))
    with pytest.raises(UserError):  # evaluation reads whole masks alone
        folder.mask("a.jpg")


@pytest.mark.parametrize("tool", TOOLS)
def test_boxes_say_nothing_of_background_where_that_is_unknown(tmp_path, tool):
    drawing = Drawing(uncovered="unknown")
    assert (opened(tmp_path, tool, "box").training_mask("a.jpg", drawing) == 255).all()


def test_a_turned_box_of_cvat_s(tmp_path):
    name, text = cvat("box")
    photos(tmp_path, names="a")
    put(tmp_path, name, text.replace('z_order="0"', 'z_order="0" rotation="90"'))
    left, top, right, bottom = BOX
    x, y, half, other = (left + right) / 2, (top + bottom) / 2, (bottom - top) / 2, (right - left) / 2
    mask = open_dataset(DataConfig(format="cvat", root=str(tmp_path))).training_mask("a.jpg", RADIUS)
    turned = upright_box(x - half, y - other, x + half, y + other, SIZE)
    assert ((mask == 255) != turned).mean() < 0.02  # rounding at the edges


def test_a_kind_that_says_nothing_of_pixels(tmp_path):
    photos(tmp_path, names="a")
    put(tmp_path, "annotations.xml", cvat("box")[1].replace("<box", "<cuboid").replace("</box", "</cuboid"))
    with pytest.raises(UserError, match=r"image 'a.jpg': object 1: a cuboid says nothing of pixels: draw it again"):
        open_dataset(DataConfig(format="cvat", root=str(tmp_path))).training_mask("a.jpg", RADIUS)


# === In a folder of our own ===


def tagged(root, tags="cat"):
    photos(root, names="ab")
    put(root, "classes.txt", "cat\ndog\n")
    put(root, "tags.csv", f"image,tags\na.jpg,{tags}\nb.jpg,\n")
    return root


@pytest.mark.parametrize("kind", DRAWN)
def test_labelme_beside_the_photos(tmp_path, kind):
    put(tagged(tmp_path, "cat;dog" if kind == "both" else "cat"), *labelme(kind))
    folder = TaggedFolder(tmp_path)
    np.testing.assert_array_equal(folder.training_mask("a.jpg", RADIUS), expected(kind))
    assert folder.training_mask("b.jpg", RADIUS) is None


def test_a_tag_without_a_shape_leaves_the_rest_unknown(tmp_path):
    put(tagged(tmp_path, "cat;dog"), *labelme("box"))
    assert (TaggedFolder(tmp_path).training_mask("a.jpg", RADIUS) == 255).all()


def test_coco_json_of_boxes(tmp_path):
    put(tagged(tmp_path), "coco.json", coco("box")[1])
    np.testing.assert_array_equal(TaggedFolder(tmp_path).training_mask("a.jpg", RADIUS), expected("box"))


# === What is whole ===


@pytest.mark.parametrize("form", MASK_FORMS)
def test_outlines_of_all_are_the_mask_of_evaluation(tmp_path, form):
    write_masks(tmp_path, form)
    folder = open_dataset(DataConfig(format=MASK_FORMS[form][0], root=str(tmp_path)))
    for name in TAGS:
        photo = f"{name}.jpg" if MASK_FORMS[form][0] != "cvat_masks" else folder.names("train")[list(TAGS).index(name)]
        np.testing.assert_array_equal(folder.training_mask(photo), folder.mask(photo))


@pytest.mark.parametrize("form", [form for form, (tool, _) in MASK_FORMS.items() if tool in TOOLS])
def test_outlines_can_be_parts_of_what_is_there(tmp_path, form):
    write_masks(tmp_path, form)
    folder = open_dataset(DataConfig(format=MASK_FORMS[form][0], root=str(tmp_path)))
    for name in "abc":
        known = folder.training_mask(f"{name}.jpg", Drawing(uncovered="unknown"))
        np.testing.assert_array_equal(known, np.where(whole(name) > 0, whole(name), 255))
