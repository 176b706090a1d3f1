"""200 generated files, most of them odd or broken: each is read, or refused in one line that names it."""

import random

import numpy as np
import pytest
from generated_images import generated_binary_mask, generated_image, generated_mask, generated_photo_of
from generated_texts import (
    CLASSES,
    PHOTOS,
    generated_coco,
    generated_json_lines,
    generated_labelmap,
    generated_labelme,
    generated_table,
)
from PIL import Image

from wsfcn_tf.data.masks.coco_file import CocoFile
from wsfcn_tf.data.masks.labelme import read_labelme
from wsfcn_tf.data.masks.legend import Legend
from wsfcn_tf.data.masks.mask_values import MaskValues
from wsfcn_tf.data.masks.png import IGNORE, read_mask
from wsfcn_tf.data.masks.sources import open_masks
from wsfcn_tf.data.photos.file_finder import FileFinder
from wsfcn_tf.data.photos.images import read_image
from wsfcn_tf.data.tags.readers import read_tag_file, read_tags_csv
from wsfcn_tf.errors import UserError


def outcome(read, path):
    """What `read` gives, or None if it ends as a user's mistakes have to."""
    try:
        return read()
    except UserError as error:
        message = str(error)
        assert str(path) in message
        assert message == message.strip() and len(message.splitlines()) == 1 and len(message) < 1000
        return None


def check_mask(mask):
    assert mask is None or (mask.ndim == 2 and mask.dtype == np.uint8 and set(np.unique(mask)) <= {0, 1, 2, 3, IGNORE})


@pytest.mark.parametrize("seed", range(60))
def test_photo(tmp_path, seed):
    data, told = generated_image(np.random.default_rng(seed))
    path = tmp_path / ("photo.jpg" if seed % 2 else "photo.png")  # whatever is in it
    path.write_bytes(data)
    image = outcome(lambda: read_image(path), path)
    assert image is None or (image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3 and image.size)
    is_usual = told.split()[1] in ("JPEG", "PNG") and len(told.split()) == 3
    assert image is not None or not is_usual, told


@pytest.mark.parametrize("kind", ["JPEG", "MPO", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "HEIF"])
def test_50_photos_of_each_format(tmp_path, kind):
    """With EXIF and profiles, which may be broken in a photo that is not."""
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    path = tmp_path / "photo.jpg"
    for seed in range(50):
        data, told = generated_photo_of(np.random.default_rng(seed), kind)
        path.write_bytes(data)
        image = outcome(lambda: read_image(path), path)
        assert image is None or (image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3 and image.size)
        is_whole = len(told.split()) == 3
        assert image is not None or not is_whole or told.startswith("F "), (seed, told)


@pytest.mark.parametrize("seed", range(60))
def test_mask(tmp_path, seed):
    data, told = generated_mask(np.random.default_rng(seed))
    path = tmp_path / "mask.png"
    path.write_bytes(data)
    (tmp_path / "legend.csv").write_text("class,colour\ncat,#3c3c3c\ndog,#787878\nignore,#b4b4b4\n")
    legend = Legend(tmp_path / "legend.csv", CLASSES)
    by_number = outcome(lambda: read_mask(path, len(CLASSES)), path)
    by_colour = outcome(lambda: legend.read_mask(path), path)
    check_mask(by_number)
    check_mask(by_colour)
    is_whole = len(told.split()) == 3
    assert by_number is not None or not (is_whole and told.startswith(("P ", "L "))), told
    assert by_colour is not None or not (is_whole and told.startswith("RGB ")), told


@pytest.mark.parametrize("seed", range(50))
def test_mask_by_value(tmp_path, seed):
    data, told = generated_binary_mask(np.random.default_rng(seed))
    path = tmp_path / "mask.png"
    path.write_bytes(data)
    names = {0: "background", 255: "cat"} if seed % 2 else {0: "background", 128: "ignore", 255: "dog"}
    mask = outcome(lambda: MaskValues(names, CLASSES).read_mask(path), path)
    check_mask(mask)
    if mask is not None and " JPEG" not in told and len(told.split()) == 3:
        values = set(np.unique(np.array(Image.open(path).convert("L")))) if "P " not in told else {0}
        assert "I;16" in told or values <= set(names)


@pytest.mark.parametrize("seed", range(50))
def test_files_of_classes(tmp_path, seed):
    rng = np.random.default_rng(seed)
    (tmp_path / "a.jpg").touch()
    (tmp_path / "masks").mkdir()
    for name in rng.choice(CLASSES, 2, replace=False):
        (tmp_path / "masks" / f"a_{name}.png").write_bytes(generated_binary_mask(rng)[0])
    masks = open_masks(tmp_path, tmp_path / "masks", CLASSES, FileFinder(tmp_path))
    check_mask(outcome(lambda: masks.read("a"), tmp_path / "masks"))


@pytest.mark.parametrize("seed", range(50))
def test_labelmap(tmp_path, seed):
    path = tmp_path / "labelmap.txt"
    path.write_bytes(generated_labelmap(random.Random(seed)))
    legend = outcome(lambda: Legend(path, CLASSES), path)
    Image.fromarray(np.uint8([[[0, 0, 0], [60, 60, 60]]])).save(tmp_path / "a.png")
    if legend is not None:
        check_mask(outcome(lambda: legend.read_mask(tmp_path / "a.png"), tmp_path / "a.png"))


@pytest.fixture
def folder(tmp_path):
    for name in PHOTOS:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def check_tags(tags):
    assert tags is None or (tags.keys() <= set(PHOTOS) and all(set(shown) <= set(CLASSES) for shown in tags.values()))


@pytest.mark.parametrize("seed", range(30))
def test_table(folder, seed):
    data, odd = generated_table(random.Random(seed))
    path = folder / "tags.csv"
    path.write_bytes(data)
    tags = outcome(lambda: read_tag_file(path, folder, CLASSES), path)
    check_tags(tags)
    assert odd or list(tags) == list(PHOTOS)


@pytest.mark.parametrize("seed", range(10))
def test_json_lines(folder, seed):
    path = folder / "tags.jsonl"
    path.write_bytes(generated_json_lines(random.Random(seed)))
    check_tags(outcome(lambda: read_tag_file(path, folder, CLASSES), path))


@pytest.mark.parametrize("seed", range(20))
def test_coco(tmp_path, seed):
    path = tmp_path / "coco.json"
    path.write_bytes(generated_coco(random.Random(seed)))
    check_mask(outcome(lambda: CocoFile(path, CLASSES).read("a.jpg"), path))


@pytest.mark.parametrize("seed", range(19))
def test_labelme(tmp_path, seed):
    path = tmp_path / "a.json"
    path.write_bytes(generated_labelme(random.Random(seed)))
    check_mask(outcome(lambda: read_labelme(path, CLASSES), path))


def test_a_million_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(FileFinder, "find", lambda self, name: name)
    path = tmp_path / "tags.csv"
    rows = "".join(f"{number}.jpg,cat;dog\r\n" for number in range(1_000_000))
    path.write_text(f"image,tags\r\n{rows}7.jpg,cat\r\n", newline="")
    mistakes = []
    tags = read_tags_csv(path, tmp_path, CLASSES, mistakes.append)
    assert len(tags) == 1_000_000 and tags["999999.jpg"] == ("cat", "dog")
    assert mistakes == [f"{path}: line 1000002: photo '7.jpg' is there twice: put all its tags into one row"]
