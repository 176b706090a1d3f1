import numpy as np
import pytest
from opened_layouts import opened, refused, shown
from PIL import Image
from written_layouts import TAGS, cvat, photos, put, write

from wsfcn_tf.errors import UserError


def test_subsets_and_the_order_of_labels(tmp_path):
    photos(tmp_path, "images/Train", "ab")
    photos(tmp_path, "images/Validation", "a")
    labels = "<label><name>dog</name></label><label><name>cat</name></label>"
    images = (
        "<image name='a.jpg' subset='Train'><polygon label='cat'><attribute name='x'>dog</attribute></polygon></image>"
        "<image name='b.jpg' subset='Train'/><image name='a.jpg' subset='Validation'><mask label='dog'/></image>"
    )
    put(tmp_path, "annotations.xml", f"<annotations><meta><labels>{labels}</labels></meta>{images}</annotations>")
    dataset, told = opened(tmp_path)
    assert dataset.class_names == ("dog", "cat")
    assert shown(dataset) == {"a": ("cat",), "b": ()} and shown(dataset, "val") == {"a": ("dog",)}
    assert told == [
        f"{tmp_path}: recognised as cvat: CVAT's XML ('annotations.xml')",
        f"{tmp_path}: photos without a label, taken to show none of the classes: 1",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<annotations><track label='cat'/></annotations>", "has no <image>: export it from CVAT as 'CVAT for images"),
        ("<annotations><image name='x.jpg'/></annotations>", "image 'x.jpg': there is no photo 'x.jpg' in ROOT"),
        ("<annotations><image name='a.jpg'><box/></image></annotations>", "image 'a.jpg': a label is empty: name it"),
        (
            "<annotations><image name='a.jpg'/><image name='a.jpg'/></annotations>",
            "image 'a.jpg': photo 'images/a",
        ),
        (cvat()[:-20], "is not valid XML: "),
        (
            cvat().replace("label='cat'", "label='cow'"),
            "image 'a.jpg': tag 'cow' is not in the class list",
        ),
    ],
)
def test_mistakes(tmp_path, text, words):
    write(tmp_path, "CVAT for images")
    put(tmp_path, "annotations.xml", text)
    assert refused(tmp_path, "cvat").startswith(f"ROOT/annotations.xml: {words}")


@pytest.mark.parametrize("turned", [0, 90, 30])
def test_ellipses_are_filled(tmp_path, turned):
    photos(tmp_path, names="a")
    shape = f"<ellipse label='cat' cx='12' cy='9.5' rx='8' ry='4' rotation='{turned}' z_order='0'/>"
    image = "<image name='a.jpg' width='24' height='20'>{}</image>"
    put(tmp_path, "annotations.xml", f"<annotations>{image.format(shape)}</annotations>")
    dataset, _ = opened(tmp_path)
    y, x = np.mgrid[:20, :24] + 0.5
    away = np.exp(-1j * np.radians(turned)) * ((x - 12) + 1j * (y - 9.5))  # turned clockwise, as y goes down
    np.testing.assert_array_equal(dataset.mask("a.jpg"), (away.real / 8) ** 2 + (away.imag / 4) ** 2 <= 1)
    for old, new, words in (
        ("rx='8'", "rx='0'", "its ellipse has no size, or lies far outside the image"),
        ("cx='12'", "cx='900'", "its ellipse has no size, or lies far outside the image"),
        ("ry='4'", "ry='nan'", "its ry is not a number"),
    ):
        broken = f"<annotations>{image.format(shape.replace(old, new))}</annotations>"
        put(tmp_path, "annotations.xml", broken)
        with pytest.raises(UserError, match=f"image 'a.jpg': object 1: {words}: draw it again"):
            opened(tmp_path)[0].mask("a.jpg")


def test_lists_of_masks_are_splits(tmp_path):
    write(tmp_path, "CVAT's segmentation masks")
    put(tmp_path, "ImageSets/Segmentation/Train.txt", "a\nb\n")
    put(tmp_path, "ImageSets/Segmentation/val.txt", "c\nd\n")
    dataset, _ = opened(tmp_path)
    assert shown(dataset) == {name: TAGS[name] for name in "ab"} and dataset.class_names == ("cat", "dog")
    assert shown(dataset, "val") == {name: TAGS[name] for name in "cd"}
    put(tmp_path, "ImageSets/Segmentation/val.txt", "a\n")
    assert refused(tmp_path) == "ROOT/ImageSets/Segmentation/val.txt: 'a' is in train's list, too: keep one"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("cow", "has to be a class and its colour, such as cat:128,0,0::"),
        ("cow:1,2::", "has to be a class and its colour, such as cat:128,0,0::"),
        ("cow:1,2,256::", "has to be a class and its colour, such as cat:128,0,0::"),
        ("cow:128,0,0::", "has the colour of 'cat', too: give each class its own"),
    ],
)
def test_label_maps_that_are_wrong(tmp_path, line, words):
    write(tmp_path, "CVAT's segmentation masks")
    put(tmp_path, "labelmap.txt", f"cat:128,0,0::\n{line}\n")
    assert refused(tmp_path) == f"ROOT/labelmap.txt: line 2: {words}"


def test_masks_that_are_wrong(tmp_path):
    write(tmp_path, "CVAT's segmentation masks")
    Image.fromarray(np.full((20, 24, 3), 7, np.uint8)).save(tmp_path / "SegmentationClass" / "b.png")
    assert refused(tmp_path) == "ROOT/SegmentationClass/b.png: colour #070707 is not in labelmap.txt: add it"
    (tmp_path / "JPEGImages" / "b.jpg").unlink()
    words = "there is no photo 'b': export with 'save images'"
    assert refused(tmp_path) == f"ROOT/SegmentationClass/b.png: {words}"
