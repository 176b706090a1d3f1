import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from wsfcn_tf.__main__ import main
from wsfcn_tf.data.masks.png import voc_palette, write_mask

FOLDER = "results/VOC2012/Segmentation/comp6_test_cls"


@pytest.fixture
def voc(tmp_path):
    """VOC's test release in small: two photos, no annotations; and a folder of good masks and other things."""
    root = tmp_path / "VOC2012"
    (root / "JPEGImages").mkdir(parents=True)
    lists = root / "ImageSets" / "Segmentation"
    lists.mkdir(parents=True)
    (lists / "test.txt").write_text("2008_b\n2008_a\n")
    for seed, name in enumerate(("2008_a", "2008_b")):
        Image.new("RGB", (7, 5)).save(root / "JPEGImages" / f"{name}.jpg")
        labels = np.random.default_rng(seed).integers(0, 21, (5, 7), dtype=np.uint8)
        write_mask(tmp_path / "masks" / f"{name}.png", labels)
    write_mask(tmp_path / "masks" / "other.png", labels)
    (tmp_path / "masks" / "prediction.json").write_text("{}")
    return tmp_path


def submit(folder: Path, *more: str) -> int:
    arguments = ["make-submission", str(folder / "masks"), "--data", str(folder / "VOC2012")]
    return main([*arguments, "--output", str(folder / "results.tar.gz"), *more])


def test_the_archive_is_as_the_server_wants_it(voc, capsys):
    assert submit(voc) == 0
    assert capsys.readouterr().out == f"2 masks, as the server wants them: {voc}/results.tar.gz\n"
    with tarfile.open(voc / "results.tar.gz") as archive:
        assert archive.getnames() == [f"{FOLDER}/2008_a.png", f"{FOLDER}/2008_b.png"]
        for member in archive:
            assert archive.extractfile(member).read() == (voc / "masks" / Path(member.name).name).read_bytes()


def test_the_same_masks_give_the_same_archive(voc):
    submit(voc)
    first = (voc / "results.tar.gz").read_bytes()
    for mask in (voc / "masks").glob("2008*"):
        mask.touch()
    submit(voc)
    assert (voc / "results.tar.gz").read_bytes() == first


def test_another_competition_and_split(voc):
    (voc / "VOC2012" / "ImageSets" / "Segmentation" / "val.txt").write_text("2008_a\n")
    submit(voc, "--competition", "comp5", "--split", "val")
    with tarfile.open(voc / "results.tar.gz") as archive:
        assert archive.getnames() == ["results/VOC2012/Segmentation/comp5_val_cls/2008_a.png"]


def palette_png(path: Path, labels: np.ndarray, palette: np.ndarray) -> None:
    image = Image.fromarray(labels)
    image.putpalette(palette.tobytes())
    image.save(path)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.unlink(), "there is no such mask: predict the whole split"),
        (lambda path: Image.new("RGB", (7, 5)).save(path, format="JPEG"), "is not a PNG file"),
        (lambda path: path.write_bytes(path.read_bytes()[:60]), "cannot be read as a mask: replace it"),
        (lambda path: write_mask(path, np.zeros((7, 5), np.uint8)), "is 5x7 pixels, but its photo 7x5"),
        (lambda path: Image.new("L", (7, 5)).save(path), "is not a palette PNG but L: write it as predict does"),
        (lambda path: write_mask(path, np.full((5, 7), 255, np.uint8)), "holds label 255, but VOC's end at 20"),
        (
            lambda path: palette_png(path, np.zeros((5, 7), np.uint8), voc_palette()[::-1]),
            "its palette is not VOC's: write it as predict does",
        ),
    ],
)
def test_what_the_server_would_refuse(voc, spoil, message, capsys):
    spoil(voc / "masks" / "2008_b.png")
    assert submit(voc) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {voc}/masks/2008_b.png: {message}") and error.count("\n") == 1
    assert not (voc / "results.tar.gz").exists()


def test_how_many_cannot_be_submitted(voc, capsys):
    for mask in (voc / "masks").glob("2008*"):
        mask.unlink()
    submit(voc)
    assert capsys.readouterr().err.endswith("(2 of 2 masks cannot be submitted)\n")


def test_a_wrong_name_or_folder(voc, capsys):
    assert submit(voc, "--output", str(voc / "results.zip")) == 2
    assert "the server takes a .tar.gz or .tgz file" in capsys.readouterr().err
    (voc / "VOC2012" / "classes.txt").write_text("cat\ndog\n")
    assert submit(voc) == 2
    assert "its classes are not VOC's twenty" in capsys.readouterr().err
