"""`prepare-data import` as a user types it."""

import json

import pytest
from written_layouts import CLASSES, FORMS, TAGS, coco, labelme, photos, put, table, write

from wsfcn_tf.__main__ import main
from wsfcn_tf.data.datasets.tagged import TaggedFolder


def run(source, output, *arguments):
    return main(["prepare-data", "import", str(source), "--output", str(output), *arguments])


def refused(capsys, source, output, *arguments):
    assert run(source, output, *arguments) == 2
    assert not output.exists() or not any(output.parent.glob(".partial*"))
    return capsys.readouterr().err.strip()


def shown(folder, split="train"):
    return {
        name: tuple(tag for tag, is_there in zip(folder.class_names, folder.tags(name), strict=True) if is_there)
        for name in folder.names(split)
    }


@pytest.mark.parametrize("form", FORMS)
def test_each_form_becomes_a_tagged_folder(tmp_path, form):
    write(tmp_path / "in", form)
    before = sorted(tmp_path.joinpath("in").rglob("*"))
    assert run(tmp_path / "in", tmp_path / "out") == 0
    folder = TaggedFolder(tmp_path / "out")
    assert folder.class_names == CLASSES
    found = {name.rpartition("/")[2]: tags for name, tags in shown(folder).items()}
    assert found == {f"{name}.jpg": tags for name, tags in TAGS.items()}
    assert all(folder.image(name).shape == (20, 24, 3) for name in folder.names("train"))
    there = {path.name for path in (tmp_path / "out").iterdir()}
    assert there - {"masks"} == {"classes.txt", "photos", "tags.csv"}
    assert sorted(tmp_path.joinpath("in").rglob("*")) == before


def test_splits_names_that_collide_and_what_is_printed(tmp_path, capsys):
    for split, names in (("train", "ab"), ("valid", "a"), ("test", "c")):
        for name in names:
            photos(tmp_path / "in", f"{split}/cat, tabby", name)
    photos(tmp_path / "in", "train/dog;", "a")
    out = tmp_path / "out"
    words = f"error: {tmp_path}/in: class 'dog;' holds ';', which parts tags in tags.csv: rename it"
    assert refused(capsys, tmp_path / "in", out) == words and not out.exists()
    (tmp_path / "in/train/dog;").rename(tmp_path / "in/train/dog")
    assert run(tmp_path / "in", out) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{tmp_path}/in: recognised as image_folder: folders of classes ('cat, tabby', 'dog') in test/, train/, valid/",
        "train            3 images",
        "val              1 images",
        "test             1 images",
        "data.format: tagged",
        f"data.root: {out}",
    ]
    folder = TaggedFolder(out)
    assert shown(folder) == {
        "photos/train/cat, tabby/a.jpg": ("cat, tabby",),
        "photos/train/cat, tabby/b.jpg": ("cat, tabby",),
        "photos/train/dog/a.jpg": ("dog",),
    }
    assert shown(folder, "val") == {"photos/valid/cat, tabby/a.jpg": ("cat, tabby",)}
    assert list(shown(folder, "test")) == ["photos/test/cat, tabby/c.jpg"]
    assert main(["doctor", str(out)]) in (0, 2) and "classes with fewer than 5" in capsys.readouterr().out


def test_photos_are_linked_or_copied(tmp_path):
    write(tmp_path / "in", "LabelMe")
    assert run(tmp_path / "in", tmp_path / "linked") == run(tmp_path / "in", tmp_path / "copied", "--copy") == 0
    own = tmp_path / "in" / "a.jpg"
    linked, copied = (tmp_path / name / "photos" / "a.jpg" for name in ("linked", "copied"))
    assert own.samefile(linked) and not own.samefile(copied)
    assert own.read_bytes() == copied.read_bytes()


def test_a_photo_in_two_splits_is_trained_on_as_the_tool_says(tmp_path):
    write(tmp_path / "in", "YOLO")
    put(tmp_path, "in/data.yaml", "train: images/train\nval: images/train\nnames: [cat, dog]\n")
    assert run(tmp_path / "in", tmp_path / "out") == 0
    folder = TaggedFolder(tmp_path / "out")
    assert len(folder.names("train")) == len(folder.names("val")) == 4


def test_the_options_that_settle(tmp_path, capsys):
    photos(tmp_path / "in")
    put(tmp_path, "in/labels.csv", "id,animal,place\na,hot dog,garden\n")
    put(tmp_path, "in/a.json", labelme("a"))
    out = tmp_path / "out"
    assert refused(capsys, tmp_path / "in", out).endswith(": say which with data.format (--format)")
    words = "could hold the tags: say which with data.tag_column (--tag-column)"
    assert words in refused(capsys, tmp_path / "in", out, "--format", "table")
    words = "is one or several: say which with data.tag_separator (--tag-separator): space or none"
    assert words in refused(capsys, tmp_path / "in", out, "--format", "table", "--tag-column", "animal")
    options = ["--format", "table", "--tag-column", "animal", "--tag-separator", "none"]
    assert run(tmp_path / "in", out, *options) == 0
    assert shown(TaggedFolder(out)) == {"photos/a.jpg": ("hot dog",)}
    words = "error: --tag-column is for --format auto, table and label_studio: leave it out"
    assert refused(capsys, tmp_path / "in", tmp_path / "more", "--format", "coco", "--tag-column", "a") == words
    words = "error: --tag-separator is for --format auto and table: leave it out"
    assert refused(capsys, tmp_path / "in", tmp_path / "more", "--format", "coco", "--tag-separator", "none") == words


def test_outputs_that_are_refused(tmp_path, capsys, tagged_root):
    source, out = tmp_path / "in", tmp_path / "out"
    assert (
        refused(capsys, source, out)
        == f"error: {source}: there is no such folder: name that of the photos and annotations"
    )
    write(source, "COCO")
    inside = source / "out"
    words = f"error: {inside}: lies in {source}, which must not change: choose another --output"
    assert refused(capsys, source, inside) == words
    put(out, "tags.csv", table("image,tags", ";"))
    assert refused(capsys, source, out) == f"error: {out}: is there already: choose another --output, or remove it"
    words = f"error: {tagged_root}: can be trained on as it is: set data.format=tagged and data.root"
    assert refused(capsys, tagged_root, tmp_path / "other") == words


def test_doctor_on_another_tools_folder(tmp_path, capsys):
    root = tmp_path / "in"
    photos(root, "train", "abc")
    photos(root, "valid", "bc")
    photos(root, "train", "x")
    for split, names in (("train", "abc"), ("valid", "bc")):
        put(root, f"{split}/_annotations.coco.json", json.dumps(coco(names)))
    assert main(["doctor", str(root), "--json", str(tmp_path / "report.json")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        f"{root}: layout coco, 5 photos, 0 masks, 2 classes",
        f"{root}: recognised as coco: COCO's JSON ('train/_annotations.coco.json', 'valid/_annotations.coco.json')",
        f"{root}: photos without an annotation, left out: 1",
    ]
    assert "warning: 2 photos in both train and val: remove them from one: " in "\n".join(lines)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["class_counts"]["train"] == {"cat": 2, "dog": 2, "": 0} and report["layout"] == "coco"
    (root / "train" / "a.jpg").unlink()
    assert main(["doctor", str(root)]) == 2
    out = capsys.readouterr().out
    assert f"  {root}/train/_annotations.coco.json: image '0': there is no photo 'a.jpg' in {root}" in out
