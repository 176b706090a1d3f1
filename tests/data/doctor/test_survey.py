import numpy as np
import pytest
from PIL import Image
from small_photos import save_photo

from wsfcn_tf.data.doctor import as_json, as_text, examine, survey
from wsfcn_tf.data.doctor.survey import examine_photo
from wsfcn_tf.data.masks.png import write_mask
from wsfcn_tf.errors import UserError


def surveyed(root):
    return survey(root, workers=2, progress=False)


def test_vocs_layout(voc_root):
    found = surveyed(voc_root)
    assert (found.layout, found.class_names) == ("voc", ("cat", "dog", "sheep"))
    assert found.splits == {"train": tuple("abcdef"), "val": ("e", "f")}
    assert found.tags["c"] == {"cat", "sheep"} and found.tags["d"] == frozenset()
    assert {name: facts.classes for name, facts in found.masks.items()} == {"e": {"dog"}, "f": {"sheep"}}
    assert all(facts.size == (20, 24) for facts in (*found.photos.values(), *found.masks.values()))
    assert (found.mistakes, found.unnamed, found.orphans) == ((), (), ())


def test_everything_wrong_in_vocs_layout(voc_root):
    """The survey goes on where the dataset would stop, and says all of it."""
    (voc_root / "JPEGImages" / "a.jpg").write_bytes(b"")
    save_photo(voc_root / "JPEGImages" / "x.jpg", 9)
    (voc_root / "SegmentationClass" / "e.png").unlink()
    Image.new("RGB", (24, 20)).save(voc_root / "SegmentationClass" / "f.png")
    write_mask(voc_root / "SegmentationClass" / "z.png", np.zeros((2, 2), np.uint8))
    lists = voc_root / "ImageSets" / "Segmentation"
    (lists / "train.txt").write_text("a\nb\nc\nd\nq\n")
    (voc_root / "tags.csv").write_text("image,tags\na,cat\nb,dgo\nc,dog\nc,dog\n")
    found = surveyed(voc_root)
    prefix = f"{voc_root}/tags.csv: "
    assert found.mistakes == (
        f"{prefix}line 3: tag 'dgo' is not in the class list: did you mean 'dog'?",
        f"{prefix}line 5: photo 'c' is there twice: put all its tags into one row",
        f"{lists}/train.txt: there is no photo 'q' in {voc_root}/JPEGImages",
        f"{prefix}there is no row for 'b': its tags are not known",
        f"{prefix}there is no row for 'd': its tags are not known",
    )
    assert "the image file is empty" in found.photos["a"].problem
    assert "but this one is RGB" in found.masks["f"].problem
    assert found.unnamed == (f"{voc_root}/JPEGImages/x.jpg",)
    assert found.orphans == (f"{voc_root}/SegmentationClass/z.png",)
    errors = [finding.what for finding in examine(found) if finding.level == "error"]
    assert errors == [
        "5 mistakes in tags, lists or masks",
        "1 photo cannot be read",
        "1 photo of val without a mask",
        "1 mask cannot be used",
    ]


def test_tagged_folder(tagged_root):
    write_mask(tagged_root / "masks" / "one.png", np.ones((20, 24), np.uint8))
    save_photo(tagged_root / "forgotten.png", 7)
    found = surveyed(tagged_root)
    assert found.layout == "tagged"
    assert found.splits == {"train": ("one.jpg", "more/two.png", "three.jpeg"), "val": ("one.jpg",)}
    assert found.unnamed == (f"{tagged_root}/forgotten.png",)
    whats = [finding.what for finding in examine(found)]
    assert "1 photo in both train and val" in whats and "1 photo whose mask and tags differ" in whats


def test_two_sources_of_masks_are_a_mistake_not_an_end(tagged_root):
    write_mask(tagged_root / "masks" / "one.png", np.ones((20, 24), np.uint8))
    (tagged_root / "coco.json").write_text("{}")
    found = surveyed(tagged_root)
    message = f"{tagged_root}: has coco.json and masks/, and each would say what the masks are: keep one"
    assert found.mistakes == (message,) and len(found.photos) == 3


def test_nothing_but_mistakes(tagged_root):
    (tagged_root / "tags.csv").write_text("image,tags\nx,cat\ny,dog\n")
    with pytest.raises(UserError) as error:
        surveyed(tagged_root)
    more = "(and 2 more mistakes)"
    assert str(error.value) == f"{tagged_root}/tags.csv: line 2: there is no photo 'x' in {tagged_root} {more}"


@pytest.mark.parametrize("name", ["nowhere", "one.jpg"])
def test_no_folder(tagged_root, name):
    with pytest.raises(UserError) as error:
        surveyed(tagged_root / name)
    assert str(error.value) == f"{tagged_root / name}: there is no such folder"


def test_photos_facts(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    save_photo(tmp_path / "a.png", 1)
    save_photo(tmp_path / "b.png", 1, exif=exif)
    save_photo(tmp_path / "c.png", 1, compress_level=0)
    save_photo(tmp_path / "d.png", 2)
    a, b, c, d = (examine_photo(tmp_path / f"{name}.png") for name in "abcd")
    assert (a.size, a.orientation) == ((20, 24), 1)
    assert (b.size, b.orientation) == ((24, 20), 6)
    assert a == c and len({a.digest, b.digest, d.digest}) == 3


def test_report(voc_root):
    (voc_root / "ImageSets" / "Segmentation" / "test.txt").write_text("x\n")
    save_photo(voc_root / "JPEGImages" / "x.jpg", 9, size=(40, 60))
    found = surveyed(voc_root)
    findings = examine(found)
    lines = as_text(found, findings).splitlines()
    assert lines[0] == f"{voc_root}: VOC's layout, 7 photos, 2 masks, 3 classes"
    assert lines[1] == f"{voc_root}: recognised as voc: VOC's layout, has ImageSets/Segmentation"
    table = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[3:10]]
    assert table == [
        ["class", "train (tags)", "val (tags)", "test (not known)"],
        ["-" * 14, "-" * 13 + ":", "-" * 11 + ":", "-" * 17 + ":"],
        ["cat", "2", "0", "-"],
        ["dog", "2", "1", "-"],
        ["sheep", "2", "1", "-"],
        ["none of them", "1", "0", "-"],
        ["photos", "6", "2", "1"],
    ]
    assert "sizes: smallest 24x20, median 24x20, largest 60x40" in lines
    place = lines.index("  cat: 2")
    assert lines[place - 1 : place + 3] == [
        "warning: classes with fewer than 5 training photos: add photos",
        "  cat: 2",
        "  dog: 2",
        "  sheep: 2",
    ]
    assert lines[-1] == "0 errors, 3 warnings, 0 notes"
    values = as_json(found, findings)
    assert values["class_counts"]["val"] == {"cat": 0, "dog": 1, "sheep": 1, "": 0}
    assert values["together"] == [["cat", "sheep", 1]]
    assert values["sizes"] == {"smallest": [24, 20], "median": [24, 20], "largest": [60, 40]}
    assert {finding["level"] for finding in values["findings"]} == {"warning"}
