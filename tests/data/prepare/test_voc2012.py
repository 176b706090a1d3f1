"""`prepare-data voc` as a user types it, on the official files in miniature."""

import gzip
import json
import os
import tarfile

import numpy as np
import pytest
from PIL import Image
from tiny_originals import SBD_MASKS, VOC_MASKS, make_sbd, make_voc, photo

from wsfcn_tf.__main__ import main
from wsfcn_tf.data.datasets.voc import VocFolder
from wsfcn_tf.data.masks.png import voc_palette
from wsfcn_tf.data.prepare import voc2012


@pytest.fixture
def originals(tmp_path, monkeypatch):
    """VOCdevkit and benchmark_RELEASE, and counts that fit them."""
    monkeypatch.setattr(voc2012, "EXPECTED", {"train": 2, "val": 2, "test": 1, "train_aug": 5})
    return make_voc(tmp_path / "in"), make_sbd(tmp_path / "in")


def prepare(originals, output, *arguments):
    voc, sbd = originals
    return main(["prepare-data", "voc", "--voc", str(voc), "--sbd", str(sbd), "--output", str(output), *arguments])


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def error(capsys):
    lines = capsys.readouterr().err.strip().splitlines()
    assert "Traceback" not in "".join(lines)
    return lines[-1]


def test_the_folder_is_what_vocfolder_reads(originals, tmp_path, capsys):
    before = contents(tmp_path / "in")
    output = tmp_path / "out"
    assert prepare(originals, output) == 0
    folder = VocFolder(output)
    assert folder.names("train") == ["b", "a"]
    assert folder.names("val") == ["c", "d"]
    assert folder.names("test") == ["t"]
    assert folder.names("train_aug") == ["a", "b", "e", "f", "g"]
    for name in "abcdefg":
        expected = VOC_MASKS[name] if name in VOC_MASKS else SBD_MASKS[name]  # VOC's own masks win
        np.testing.assert_array_equal(folder.mask(name), expected)
        present = sorted(set(expected[(expected > 0) & (expected < 255)]))
        assert np.flatnonzero(folder.tags(name)).tolist() == [label - 1 for label in present]
    with Image.open(output / "SegmentationClass" / "e.png") as mask:
        assert mask.mode == "P" and np.array_equal(np.reshape(mask.getpalette(), (-1, 3)), voc_palette())
    assert not (output / "SegmentationClass" / "t.png").exists()
    assert (output / "tags.csv").read_text().startswith("image,tags\na.jpg,cat\nb.jpg,dog;person\n")
    assert json.loads((output / "prepared.json").read_text())["images"]["train_aug"] == 5
    assert "train_aug        5 images\n" in capsys.readouterr().out
    assert contents(tmp_path / "in") == before
    assert sorted(path.name for path in output.iterdir()) == [
        "ImageSets",
        "JPEGImages",
        "SegmentationClass",
        "classes.txt",
        "prepared.json",
        "tags.csv",
    ]


def test_photos_are_links_or_copies(originals, tmp_path, monkeypatch):
    source = originals[0] / "VOC2012" / "JPEGImages" / "e.jpg"
    assert prepare(originals, tmp_path / "links") == 0
    assert prepare(originals, tmp_path / "copies", "--copy") == 0
    assert (tmp_path / "links" / "JPEGImages" / "e.jpg").samefile(source)
    assert not (tmp_path / "copies" / "JPEGImages" / "e.jpg").samefile(source)

    def refuse(*arguments, **keywords):
        raise OSError("Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    assert prepare(originals, tmp_path / "elsewhere") == 0
    assert not (tmp_path / "elsewhere" / "JPEGImages" / "e.jpg").samefile(source)
    assert contents(tmp_path / "elsewhere" / "JPEGImages") == contents(tmp_path / "links" / "JPEGImages")


def test_tags_from_annotations(originals, tmp_path):
    assert prepare(originals, tmp_path / "out", "--tags", "xml") == 0
    assert (tmp_path / "out" / "tags.csv").read_text().splitlines()[1] == "a.jpg,cow;sheep"


def test_archives_give_the_same_as_folders(originals, tmp_path):
    voc, sbd = originals
    trainval, test, benchmark = (tmp_path / name for name in ("trainval.tar", "test.tar", "benchmark.tgz"))
    is_test = {"VOCdevkit/VOC2012/JPEGImages/t.jpg", "VOCdevkit/VOC2012/ImageSets/Segmentation/test.txt"}
    with tarfile.open(trainval, "w") as first, tarfile.open(test, "w") as second:
        for path in sorted(voc.rglob("*")):
            name = str(path.relative_to(voc.parent))
            (second if name in is_test else first).add(path, name, recursive=False)
    with tarfile.open(benchmark, "w:gz") as archive:
        archive.add(sbd, "benchmark_RELEASE")
    command = ["prepare-data", "voc", "--voc", str(trainval), str(test), "--sbd", str(benchmark)]
    assert main([*command, "--output", str(tmp_path / "archives")]) == 0
    assert prepare(originals, tmp_path / "folders") == 0
    found, expected = contents(tmp_path / "archives"), contents(tmp_path / "folders")
    assert found.pop("prepared.json") != expected.pop("prepared.json")
    assert found == expected


@pytest.mark.parametrize("level", ["in", "in/VOCdevkit", "in/VOCdevkit/VOC2012"])
@pytest.mark.parametrize("sbd", ["in", "in/benchmark_RELEASE", "in/benchmark_RELEASE/dataset"])
def test_any_level_of_the_folders_will_do(originals, tmp_path, level, sbd):
    assert prepare((tmp_path / level, tmp_path / sbd), tmp_path / "out") == 0


def test_an_interrupted_run_goes_on(originals, tmp_path):
    assert prepare(originals, tmp_path / "whole") == 0
    output = tmp_path / "out"
    assert prepare(originals, output) == 0
    (output / "SegmentationClass" / "e.png").unlink()
    (output / "JPEGImages" / "f.jpg").unlink()
    (output / "tags.csv").unlink()
    (output / "JPEGImages" / ".partial-77-f.jpg").write_bytes(b"half")
    untouched = (output / "SegmentationClass" / "a.png").stat().st_mtime_ns
    assert prepare(originals, output) == 0
    assert contents(output) == contents(tmp_path / "whole")
    assert (output / "SegmentationClass" / "a.png").stat().st_mtime_ns == untouched


def test_several_processes_write_the_same(originals, tmp_path, monkeypatch):
    monkeypatch.setattr("wsfcn_tf.data.prepare.processes._CHUNK", 4)
    assert prepare(originals, tmp_path / "one", "--workers", "1") == 0
    assert prepare(originals, tmp_path / "two", "--workers", "2") == 0
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_what_is_missing_is_named_and_can_be_left_out(originals, tmp_path, capsys):
    voc, sbd = originals
    (voc / "VOC2012" / "JPEGImages" / "a.jpg").unlink()
    (sbd / "dataset" / "cls" / "e.mat").unlink()
    output = tmp_path / "out"
    assert prepare(originals, output) == 2
    listing = output / "cannot_be_used.txt"
    assert error(capsys) == (
        "error: 2 images cannot be used: there is no JPEGImages/a.jpg; "
        f"there is no SegmentationClass/e.png or cls/e.mat (all in {listing}): mend them, "
        "or leave them out with --allow-missing"
    )
    assert listing.read_text().splitlines()[0] == "a\tthere is no JPEGImages/a.jpg"
    assert prepare(originals, output, "--allow-missing") == 0
    assert "train_aug        3 images, of 5\n" in capsys.readouterr().out
    assert VocFolder(output).names("train_aug") == ["b", "f", "g"]
    photo(voc / "VOC2012" / "JPEGImages" / "a.jpg", 0)
    make_sbd(tmp_path / "again")
    (sbd / "dataset" / "cls" / "e.mat").write_bytes(
        (tmp_path / "again/benchmark_RELEASE/dataset/cls/e.mat").read_bytes()
    )
    assert prepare(originals, output) == 0
    assert VocFolder(output).names("train_aug") == ["a", "b", "e", "f", "g"]
    assert not listing.exists()


def test_many_missing_images_do_not_fill_the_screen(originals, tmp_path, capsys):
    for path in (originals[0] / "VOC2012" / "JPEGImages").iterdir():
        path.unlink()
    assert prepare(originals, tmp_path / "out") == 2
    assert "error: 8 images cannot be used: " in (line := error(capsys)) and "; and 5 more (all in " in line
    assert len((tmp_path / "out" / "cannot_be_used.txt").read_text().splitlines()) == 8


def test_broken_originals_are_named(originals, tmp_path, capsys):
    voc, sbd = originals[0] / "VOC2012", originals[1] / "dataset"
    photo(voc / "JPEGImages" / "a.jpg", 0, size=(10, 10))
    (voc / "JPEGImages" / "b.jpg").write_bytes(b"")
    Image.fromarray(np.zeros((12, 16, 3), np.uint8)).save(voc / "SegmentationClass" / "c.png")
    (sbd / "cls" / "e.mat").write_bytes((sbd / "cls" / "e.mat").read_bytes()[:150])
    (sbd / "cls" / "f.mat").write_bytes(b"")
    assert prepare(originals, tmp_path / "out") == 2
    assert error(capsys).startswith("error: 5 images cannot be used: ")
    lines = (tmp_path / "out" / "cannot_be_used.txt").read_text().splitlines()
    expected = {
        "a": f"{voc}/JPEGImages/a.jpg: is 10x10 pixels, but its mask is 16x12: take the photo of the original release",
        "b": f"{voc}/JPEGImages/b.jpg: cannot be read as an image: copy it again",
        "c": f"{voc}/SegmentationClass/c.png: a mask has to be an index PNG (palette or 8-bit greyscale), "
        "but this one is RGB",
        "e": f"{sbd}/cls/e.mat: cannot be read as a MATLAB file (",
        "f": f"{sbd}/cls/f.mat: the image file is empty: copy it again or remove it from the data",
    }
    for line, (name, words) in zip(lines, expected.items(), strict=True):
        assert line.startswith(f"{name}\t{words}")


def test_unexpected_counts(originals, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(voc2012, "EXPECTED", {"train": 1464, "val": 1449, "test": 1456, "train_aug": 10582})
    assert prepare(originals, tmp_path / "out") == 2
    assert error(capsys) == (
        "error: the list train has 2 images, not 1,464: are these the original files? "
        "To take them as they are, add --allow-missing"
    )
    assert not (tmp_path / "out").exists()


def test_without_sbd_or_the_test_set(originals, tmp_path):
    voc = make_voc(tmp_path / "trainval", test=False)
    assert main(["prepare-data", "voc", "--voc", str(voc), "--output", str(tmp_path / "out")]) == 0
    lists = (tmp_path / "out" / "ImageSets" / "Segmentation").iterdir()
    assert sorted(path.name for path in lists) == ["train.txt", "val.txt"]


def test_archives_that_are_none(originals, tmp_path, capsys):
    archive = tmp_path / "benchmark.tgz"
    with tarfile.open(archive, "w:gz") as members:
        members.add(originals[1], "benchmark_RELEASE")
    whole = archive.read_bytes()
    for name, data in {
        "cut.tgz": whole[: len(whole) // 2],
        "cut.tar": gzip.decompress(whole)[:-3000],
        "text.tgz": b"<html>404</html>",
        "empty.tar": b"",
    }.items():
        (tmp_path / name).write_bytes(data)
        assert prepare((originals[0], tmp_path / name), tmp_path / "out") == 2
        assert error(capsys).startswith(f"error: {tmp_path / name}: is not a tar archive, or damaged or cut short (")
    assert not list((tmp_path / "out").rglob("*.mat"))
    assert prepare((originals[0], archive), tmp_path / "out") == 0  # what went before does not stand in the way
    assert prepare((archive, archive), tmp_path / "other") == 2
    assert error(capsys) == f"error: {archive}: holds no file such as is needed: is it the right archive?"


def test_wrong_folders(originals, tmp_path, capsys):
    voc, sbd = originals
    assert prepare((tmp_path / "nothing", sbd), tmp_path / "out") == 2
    assert error(capsys) == (
        f"error: {tmp_path}/nothing: there is no such folder or archive: name VOC's folder VOCdevkit or its archive"
    )
    assert prepare((voc, voc), tmp_path / "out") == 2
    assert error(capsys) == (
        f"error: {voc}: there is no folder cls in it, nor in dataset or benchmark_RELEASE/dataset below it: "
        "name SBD's folder benchmark_RELEASE or its archive benchmark.tgz"
    )
    assert prepare(originals, voc / "out") == 2
    assert error(capsys) == f"error: {voc}/out: lies in {voc}, which must not change: choose another --output"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("")
    assert prepare(originals, tmp_path / "mine") == 2
    assert error(capsys) == (
        f"error: {tmp_path}/mine: is not empty and was not made by prepare-data: choose another --output"
    )


def test_a_folder_made_from_other_originals(originals, tmp_path, capsys):
    assert prepare(originals, tmp_path / "out") == 0
    assert prepare(originals, tmp_path / "out", "--tags", "xml") == 2
    assert error(capsys) == (
        f"error: {tmp_path}/out: was prepared with another tags (masks, not xml): choose another --output"
    )


def test_a_full_disk(originals, tmp_path, monkeypatch, capsys):
    def full(path, labels):
        raise OSError(28, "No space left on device", str(path))

    output = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr("wsfcn_tf.data.prepare.prepared_folder.write_mask", full)
        assert prepare(originals, output) == 2
    assert error(capsys) == (
        f"error: {output}/SegmentationClass/a.png: No space left on device: mend that and run the same command again, "
        "which goes on where it was"
    )
    assert prepare(originals, output) == 0
