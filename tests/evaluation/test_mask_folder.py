from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from wsfcn_tf.data.datasets.dataset import open_folder
from wsfcn_tf.data.masks.png import write_mask
from wsfcn_tf.errors import UserError
from wsfcn_tf.evaluation.mask_folder import evaluate_masks
from wsfcn_tf.evaluation.metrics.formulas import confusion_matrix

SIZES = {"a": (6, 8), "b": (5, 7), "sub/c": (4, 4)}


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def truths(rng):
    return {name: rng.choice([0, 1, 2, 255], size).astype(np.uint8) for name, size in SIZES.items()}


@pytest.fixture
def data(tmp_path, truths):
    """Three photos with true masks, one of them in a folder, and one without."""
    root = tmp_path / "data"
    for name, truth in truths.items():
        save(root / f"{name}.jpg", np.zeros((*truth.shape, 3), np.uint8))
        save(root / "masks" / f"{name}.png", truth)
    save(root / "unmasked.jpg", np.zeros((3, 3, 3), np.uint8))
    (root / "classes.txt").write_text("cat\ndog\n")
    (root / "tags.csv").write_text("image,tags\na.jpg,cat\n")
    return root


@pytest.fixture
def masks(tmp_path, rng):
    """A PNG for every photo, with a palette; beside them, what `predict` writes, too."""
    folder = tmp_path / "masks of others"
    for name, size in SIZES.items():
        write_mask(folder / f"{name}.png", rng.integers(0, 3, size).astype(np.uint8))
        (folder / f"{name}_overlay.jpg").touch()
    return folder


def score(masks, data, split="val"):
    return evaluate_masks(masks, open_folder(data), split, progress=False)


def refused(masks, data):
    with pytest.raises(UserError) as error:
        score(masks, data)
    return str(error.value)


def test_masks_are_scored_as_predictions_are(masks, data, truths):
    metrics = score(masks, data)
    expected = sum(
        confusion_matrix(truth, np.asarray(Image.open(masks / f"{name}.png")), 3) for name, truth in truths.items()
    )
    np.testing.assert_array_equal(metrics.confusion, expected)
    assert metrics.per_image.names == ["a.jpg", "b.jpg", "sub/c.jpg"]
    assert np.isnan(metrics.map)


def test_greyscale_will_do_and_the_truth_itself_is_perfect(masks, data, truths):
    for name, truth in truths.items():
        save(masks / f"{name}.png", np.where(truth == 255, 0, truth).astype(np.uint8))
    assert score(masks, data).miou == 1


def test_a_split_of_vocs_layout(masks, data, truths, tmp_path):
    root = tmp_path / "voc"
    for name in "ab":
        save(root / "JPEGImages" / f"{name}.jpg", np.zeros((*truths[name].shape, 3), np.uint8))
        save(root / "SegmentationClass" / f"{name}.png", truths[name])
    lists = root / "ImageSets" / "Segmentation"
    lists.mkdir(parents=True)
    (lists / "val.txt").write_text("b\n")
    (root / "classes.txt").write_text("cat\ndog\n")
    (masks / "sub" / "c.png").unlink()
    assert score(masks, root).per_image.names == ["b"]  # a.png is of another split's photo


def test_missing_and_misnamed_files(masks, data):
    (masks / "a.png").rename(masks / "A photo.png")
    (masks / "sub" / "c.png").unlink()
    assert refused(masks, data) == (
        f"{masks}: there is no PNG of 'a.jpg', 'sub/c.jpg' (2 of 3 photos); 'A photo.png' is named after no photo: "
        "each PNG has to have its photo's name"
    )
    save(masks / "a.png", np.zeros((6, 8), np.uint8))
    save(masks / "sub" / "c.png", np.zeros((4, 4), np.uint8))
    assert refused(masks, data).startswith(f"{masks}: 'A photo.png' is named after no photo: ")
    assert refused(masks / "nowhere", data) == f"{masks / 'nowhere'}: there is no such folder of masks"


def test_of_many_missing_files_some_are_named(data, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    for index in range(9):
        save(data / f"x{index}.jpg", np.zeros((2, 2, 3), np.uint8))
        save(data / "masks" / f"x{index}.png", np.zeros((2, 2), np.uint8))
    assert "'a.jpg', 'b.jpg', 'sub/c.jpg', 'x0.jpg', 'x1.jpg' and 7 more (12 of 12 photos)" in refused(empty, data)


def test_a_mis_sized_file(masks, data):
    save(masks / "b.png", np.zeros((7, 5), np.uint8))
    assert refused(masks, data) == (
        f"{masks / 'b.png'}: is 5x7 pixels, but the true mask 7x5: a mask has to have its photo's size"
    )


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (3, "label 3 is outside the classes (0 to 2, 255 = ignore)"),
        (255, "label 255 is outside the classes (0 to 2): a prediction may not leave pixels out"),
    ],
)
def test_a_label_outside_the_classes(masks, data, label, message):
    save(masks / "b.png", np.full((5, 7), label, np.uint8))
    assert refused(masks, data) == f"{masks / 'b.png'}: {message}"


def test_a_picture_that_is_no_mask(masks, data):
    save(masks / "a.png", np.zeros((6, 8, 3), np.uint8))
    assert refused(masks, data).startswith(f"{masks / 'a.png'}: a mask has to be an index PNG")
    (masks / "a.png").write_bytes(b"no picture")
    assert refused(masks, data) == f"{masks / 'a.png'}: cannot be read as a mask: replace it"


def test_a_true_mask_that_is_missing(masks, data):
    (data / "val.txt").write_text("a.jpg\nunmasked.jpg\n")
    save(masks / "unmasked.png", np.zeros((3, 3), np.uint8))
    assert "unmasked.png" in refused(masks, data)
