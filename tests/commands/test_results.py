"""Evaluating masks, comparing results and collecting them, as a user types it."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from wsfcn_tf.__main__ import main
from wsfcn_tf.data.masks.png import write_mask
from wsfcn_tf.evaluation.metrics.per_image import PerImage

NAMES = ("a", "b", "c", "d", "e", "f")


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """A VOC-layout folder with six masks of blocks."""
    root, rng = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    for folder in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (root / folder).mkdir(parents=True)
    for name in NAMES:
        Image.fromarray(np.zeros((30, 40, 3), np.uint8)).save(root / "JPEGImages" / f"{name}.jpg")
        write_mask(root / "SegmentationClass" / f"{name}.png", truth(rng))
    (root / "ImageSets" / "Segmentation" / "val.txt").write_text("\n".join(NAMES))
    (root / "ImageSets" / "Segmentation" / "few.txt").write_text("a\nb\n")
    (root / "classes.txt").write_text("cat\ndog\n")
    return root


def truth(rng) -> np.ndarray:
    return np.kron(rng.integers(0, 3, (3, 4)), np.ones((10, 10))).astype(np.uint8)


def predicted(root: Path, folder: Path, error: float) -> Path:
    """A folder of PNGs in which a share of the pixels is wrong."""
    rng = np.random.default_rng(1)
    for name in NAMES:
        labels = np.array(Image.open(root / "SegmentationClass" / f"{name}.png"))
        wrong = rng.random(labels.shape) < error
        write_mask(folder / f"{name}.png", np.where(wrong, (labels + 1) % 3, labels).astype(np.uint8))
    return folder


@pytest.fixture(scope="module")
def results(data, tmp_path_factory) -> dict[str, Path]:
    """The results of two predictors, of which the second is better."""
    folder = tmp_path_factory.mktemp("results")
    for name, error in (("worse", 0.3), ("better", 0.1)):
        predicted(data, folder / name, error)
        assert main(["evaluate", "--masks", str(folder / name), "--data", str(data)]) == 0
    return {name: folder / f"{name}-evaluation-val" for name in ("worse", "better")}


def one_line(capsys, *arguments: str) -> str:
    """The message of a command that fails."""
    capsys.readouterr()
    assert main(list(arguments)) == 2
    (error,) = capsys.readouterr().err.strip().splitlines()
    return error.removeprefix("error: ")


def test_what_the_true_masks_values_mean(data, tmp_path, capsys):
    """The same figures, whatever values the classes have."""
    masks = predicted(data, tmp_path / "masks", 0.2)
    root = tmp_path / "data"
    shutil.copytree(data, root)
    for name in NAMES:
        path = root / "SegmentationClass" / f"{name}.png"
        Image.fromarray(100 * np.array(Image.open(path))).save(path)
    assert main(["evaluate", "--masks", str(masks), "--data", str(data), "--output", str(tmp_path / "a")]) == 0
    setting = "data.mask_values={0: background, 100: cat, 200: dog}"
    given = ["--data", str(root), "--set", setting, "--output", str(tmp_path / "b")]
    assert main(["evaluate", "--masks", str(masks), *given]) == 0
    first, second = (json.loads((tmp_path / name / "metrics.json").read_text()) for name in "ab")
    assert (first["miou"], first["confusion"]) == (second["miou"], second["confusion"])
    assert main(["evaluate", "--masks", str(masks), "--data", str(root)]) == 2
    assert "label 100 is outside the classes" in capsys.readouterr().err.splitlines()[-1]


def test_evaluating_masks_leaves_all_results(data, tmp_path, capsys):
    masks = predicted(data, tmp_path / "masks", 0.2)
    assert main(["evaluate", "--masks", str(masks), "--data", str(data), "--output", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    written = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert (written["masks"], written["split"], written["images"]) == (str(masks), "val", 6)
    assert written["pixel_accuracy"] == pytest.approx(0.8, abs=0.02)
    assert f"{100 * written['boundary_iou']:.2f}" in printed
    assert "parameters" not in printed
    table = (tmp_path / "out" / "per_class.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in table] == ["class", "background", "cat", "dog"]
    per_image = PerImage.load(tmp_path / "out" / "per_image.npz")
    assert per_image.names == list(NAMES)
    np.testing.assert_array_equal(sum(map(per_image.matrix, range(6))), written["confusion"])


def test_a_network_or_masks_are_evaluated_and_masks_need_data(data, capsys):
    either = "name what to evaluate: either a network with --weights or a folder of PNGs with --masks"
    assert one_line(capsys, "evaluate", "--data", str(data)) == either
    assert one_line(capsys, "evaluate", "--masks", "m", "--weights", "w") == either
    assert one_line(capsys, "evaluate", "--masks", str(data)) == (
        "--masks needs --data, the folder of the photos and the true masks"
    )
    assert one_line(capsys, "evaluate", "--masks", "m", "--data", str(data), "--set", "inference.flip=true") == (
        "--set inference.flip=true: there is no inference with --masks: leave it out"
    )


def test_compare_says_what_is_better_and_how_surely(results, capsys):
    assert main(["compare", str(results["worse"]), str(results["better"])]) == 0
    printed = capsys.readouterr().out
    first, second = (json.loads((results[name] / "metrics.json").read_text()) for name in ("worse", "better"))
    figures = dict(line.strip("| ").split("|", 1) for line in printed.splitlines() if line.startswith("| "))
    figures = {name.strip(): [cell.strip() for cell in cells.split("|")] for name, cells in figures.items()}
    for name, key in (("mIoU %", "miou"), ("pixel accuracy %", "pixel_accuracy")):
        before, after, gain, bounds, share = figures[name]
        assert (before, after) == (f"{100 * first[key]:.2f}", f"{100 * second[key]:.2f}")
        assert gain == f"{100 * (second[key] - first[key]):+.2f}"
        low, high = map(float, bounds.split(" to "))
        assert 0 < low < float(gain) < high
        assert share == "100.0 %"
    assert figures["dog"][:2] == [f"{100 * metrics['class_iou']['dog']:.2f}" for metrics in (first, second)]
    assert '6 images of split "val"' in printed


def test_compare_takes_several_and_a_result_is_never_better_than_itself(results, capsys):
    assert main(["compare", *(str(results[name]) for name in ("better", "worse", "better"))]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| mIoU %")]
    assert len(lines) == 2
    assert [cell.strip() for cell in lines[1].split("|")[-4:-1]] == ["+0.00", "+0.00 to +0.00", "0.0 %"]


def test_compare_refuses_other_images_masks_and_classes(results, data, tmp_path, capsys):
    few, a = tmp_path / "few", results["better"]
    masks = a.parent / "better"
    assert main(["evaluate", "--masks", str(masks), "--data", str(data), "--split", "few", "--output", str(few)]) == 0
    both = f"{a} and {few} cannot be compared"
    assert one_line(capsys, "compare", str(a), str(few)) == (
        f"{both}: only {a} has 'c', 'd', 'e', 'f': evaluate both on the same images"
    )
    per_image = PerImage.load(a / "per_image.npz")
    for names, classes, change, message in (
        (per_image.names, ("background", "cat", "emu"), 0, "they have different classes"),
        (per_image.names, per_image.class_names, 1, "they were scored with other masks of 'b': "),
    ):
        other = PerImage(classes)
        for index, name in enumerate(names):
            matrix = per_image.matrix(index)
            matrix[2, 1] += change * (name == "b")
            other.add(name, matrix)
        other.save(few / "per_image.npz")
        assert one_line(capsys, "compare", str(a), str(few)).startswith(f"{both}: {message}")
    (few / "per_image.npz").unlink()
    assert "per_image.npz: there is no such file" in one_line(capsys, "compare", str(a), str(few))
    (few / "metrics.json").write_text("[]")
    assert one_line(capsys, "compare", str(a), str(few)).endswith(
        "metrics.json: is not an evaluation's metrics.json: run evaluate again, which writes one"
    )
    assert "there is no such file" in one_line(capsys, "compare", str(tmp_path), str(a))


def test_tables_lists_what_is_there(results, capsys):
    assert main(["tables", str(results["better"].parent)]) == 0
    printed = capsys.readouterr().out
    assert [f"Table {number}: " in printed for number in ("I", "II", "III", "IV", "V")] == [True] * 5
    for name, folder in results.items():
        miou = json.loads((folder / "metrics.json").read_text())["miou"]
        (line,) = [line for line in printed.splitlines() if f"{name}-evaluation-val " in line]
        assert " 2 classes |" in line and " masks |" in line and f" {100 * miou:.2f} |" in line
    assert "no such folder of results" in one_line(capsys, "tables", str(results["better"] / "nowhere"))
