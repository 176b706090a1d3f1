import json

import numpy as np
import pytest
from PIL import Image

from wsfcn_tf.data.datasets.voc import VocFolder
from wsfcn_tf.data.masks.png import write_mask
from wsfcn_tf.data.masks.sources import open_masks
from wsfcn_tf.data.photos.file_finder import FileFinder
from wsfcn_tf.errors import UserError

CLASSES = ("cat", "dog", "sheep")
LABELS = np.array([[0, 2, 255], [3, 1, 1]], np.uint8)


@pytest.fixture
def root(tmp_path):
    (tmp_path / "masks" / "a b").mkdir(parents=True)
    return tmp_path


def opened(root, **more):
    return open_masks(root, root / "masks", CLASSES, FileFinder(root), root, **more)


def labelme(path, label):
    box = {"label": label, "points": [[0, 0], [2, 0], [2, 1], [0, 1]], "shape_type": "polygon"}
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"imageHeight": 2, "imageWidth": 3, "shapes": [box]}))


@pytest.mark.parametrize("photo", ["a b/é.jpg", "a b/e\u0301"])
def test_palette_and_greyscale_pngs(root, photo):
    masks = opened(root)
    write_mask(root / "masks" / "a b" / "é.png", LABELS)
    Image.fromarray(LABELS).save(root / "masks" / "grey.png")
    assert masks.path_of(photo) == root / "masks" / "a b" / "é.png"
    np.testing.assert_array_equal(masks.read(photo), LABELS)
    np.testing.assert_array_equal(masks.read("grey.jpeg"), LABELS)
    assert masks.path_of("other.jpg") is None


def test_a_legend_looks_at_palettes_as_colours(root):
    write_mask(root / "masks" / "a.png", LABELS)
    (root / "legend.csv").write_text("class,colour\nsheep,#008000\ncat,#808000\ndog,#800000\nignore,#e0e0c0\n")
    expected = np.array([0, 2, 3, 1, *[255] * 252], np.uint8)[LABELS]  # the palette's colours are VOC's
    np.testing.assert_array_equal(opened(root).read("a.jpg"), expected)


def test_labelme_files_beside_photos_and_in_the_folder(root):
    labelme(root / "a.json", "dog")
    labelme(root / "masks" / "b.json", "sheep")
    masks = opened(root)
    assert np.all(masks.read("a.jpg") == 2) and np.all(masks.read("b.jpg") == 3)
    labelme(root / "masks" / "a.json", "dog")
    with pytest.raises(UserError) as error:
        opened(root).read("a.jpg")
    both = f"{root}/masks/a.json and {root}/a.json"
    assert str(error.value) == f"{both} are both masks of 'a.jpg': remove one of them"


def test_no_mask(root):
    with pytest.raises(UserError) as error:
        opened(root).read("a.jpg")
    expected = "there is no such file: add it or remove it from the data"
    assert str(error.value) == f"{root}/masks/a.png: {expected}"


def test_coco_file_and_mask_folder(root):
    (root / "coco.json").write_text("{}")
    with pytest.raises(UserError) as error:
        opened(root)
    assert str(error.value) == f"{root}: has coco.json and masks/, and each would say what the masks are: keep one"


BINARY = {0: "background", 255: "dog"}


@pytest.mark.parametrize("suffix", ["png", "PNG", "jpg", "bmp", "tif"])
def test_what_values_mean(root, suffix):
    values = np.zeros((40, 48), np.uint8)
    values[:16] = 255
    Image.fromarray(values).save(root / "masks" / f"a.{suffix}")
    masks = opened(root, mask_values=BINARY)
    np.testing.assert_array_equal(masks.read("a.webp"), 2 * (values > 0))
    if suffix == "jpg":
        with pytest.raises(UserError, match=r"a.jpg: is a JPEG, which does not keep values: .* set data.mask_values"):
            opened(root).read("a")


def test_of_a_png_and_another_file_the_png_is_meant(root):
    for suffix, value in (("png", 1), ("tif", 2), ("jpg", 3)):
        Image.fromarray(np.full((2, 3), value, np.uint8)).save(root / "masks" / f"a.{suffix}")
    assert (opened(root).read("a") == 1).all()
    labelme(root / "b.json", "dog")
    Image.fromarray(np.full((2, 3), 1, np.uint8)).save(root / "masks" / "b.tif")
    assert (opened(root).read("b") == 2).all()


def test_values_and_a_legend_or_coco(root):
    for name in ("legend.csv", "labelmap.txt"):
        (root / name).touch()
        with pytest.raises(UserError) as error:
            opened(root, mask_values=BINARY)
        assert str(error.value) == f"{root}/{name} and data.mask_values both say what masks mean: keep one"
        (root / name).unlink()
    (root / "coco.json").write_text("{}")
    for folder in (root / "masks" / "a b", root / "masks"):
        folder.rmdir()
    with pytest.raises(UserError) as error:
        opened(root, mask_values=BINARY)
    told = "data.mask_values is for files in masks/, and the masks are in coco.json"
    assert str(error.value) == f"{root}: {told}: leave it out"


def test_vocs_layout_takes_all_of_them(voc_root):
    folder = voc_root / "SegmentationClass"
    labelme(folder / "a.json", "sheep")
    assert np.all(VocFolder(voc_root).mask("a") == 3)
    (voc_root / "legend.csv").write_text("class,red,green,blue\nsheep,2,2,2\ncat,3,3,3\n")
    assert np.all(VocFolder(voc_root).mask("e") == 3) and np.all(VocFolder(voc_root).mask("f") == 1)
    for mask in folder.iterdir():
        mask.unlink()
    folder.rmdir()
    content = {
        "images": [{"id": 1, "file_name": "e.jpg", "height": 4, "width": 5}],
        "categories": [],
        "annotations": [],
    }
    (voc_root / "coco.json").write_text(json.dumps(content))
    assert VocFolder(voc_root).mask("e").shape == (4, 5)
