"""`train` with `data.format=auto` on another tool's folder as it is: what is recorded, and what resuming asks for."""

import json
import shutil

import h5py
import numpy as np
import pytest
from six_photos import SMALL, one_line, photo

from wsfcn_tf.__main__ import main

pytestmark = pytest.mark.usefixtures("tiny_networks")

TAGS = {"a": 1, "b": 2, "c": 1, "d": 2, "e": 1, "f": 2}  # photos and their categories


@pytest.fixture(scope="module")
def coco(tmp_path_factory):
    """Six photos in COCO's layout, and one that it does not name."""
    root = tmp_path_factory.mktemp("training") / "coco"
    for seed, name in enumerate("abcdefx"):
        photo(root / "images" / f"{name}.jpg", seed)
    write(root, TAGS)
    return root


def write(root, categories):
    images = [{"id": name, "file_name": f"{name}.jpg", "height": 36, "width": 44} for name in categories]
    annotations = [
        {"id": number, "image_id": name, "category_id": category, "bbox": [1, 1, 20, 20]}
        for number, (name, category) in enumerate(categories.items())
    ]
    names = [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]
    content = {"images": images, "annotations": annotations, "categories": names}
    (root / "instances_train.json").write_text(json.dumps(content))


@pytest.fixture(scope="module")
def run(coco, tiny_networks):
    """The folder of a run that was stopped after its first of two epochs."""
    config = coco.parent / "small.yaml"
    config.write_text(SMALL.replace("format: voc", "format: auto").replace("panels: 2", "panels: 0"))
    run = coco.parent / "run"
    command = ("train", "--config", str(config), "--set", f"data.root={coco}", "--output", str(run))
    assert main(list(command)) == 0
    (run / "model.weights.h5").rename(run.parent / "whole.weights.h5")
    shutil.rmtree(run / "checkpoints" / "epoch-0002")
    return run, (*command, "--resume")


def starts(run):
    return json.loads((run / "record.json").read_text())["starts"]


def weights_in(path):
    with h5py.File(path) as file:
        found = {}
        file.visititems(lambda name, item: found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
    return found


def test_the_record_says_what_was_recognised(run):
    (entry,) = starts(run[0])
    assert (entry["data"]["layout"], entry["data"]["images"]) == ("coco", 6)
    assert entry["data"]["notes"] == ["photos without an annotation, left out: 1"]
    lines = (run[0] / "training_data.jsonl").read_text().splitlines()
    assert lines[:2] == ['["images/a.jpg", "cat"]', '["images/b.jpg", "dog"]'] and len(lines) == 6


def test_a_source_that_has_changed_is_refused(run, coco, capsys):
    folder, command = run
    write(coco, TAGS | {"a": 2})
    words = "the training data is not what this run began with: 1 with other tags (images/a.jpg); put it back"
    assert words in one_line(capsys, *command)
    write(coco, {name: TAGS[name] for name in "abcde"})
    assert "1 removed (images/f.jpg); put it back" in one_line(capsys, *command)
    (coco / "labels.csv").write_text("filename,label\na.jpg,cat\n")
    assert "can be read as coco (" in one_line(capsys, *command)
    (coco / "labels.csv").unlink()
    write(coco, TAGS)
    assert len(starts(folder)) == 1  # none of these began


def test_it_goes_on_to_the_same_network(run, coco, capsys):
    folder, command = run
    assert main(list(command)) == 0
    assert f"{coco}: recognised as coco: COCO's JSON ('instances_train.json')\n" in capsys.readouterr().out
    assert [entry["outcome"] for entry in starts(folder)] == ["finished", "finished"]
    again, whole = weights_in(folder / "model.weights.h5"), weights_in(folder.parent / "whole.weights.h5")
    assert again.keys() == whole.keys()
    for name, values in whole.items():
        np.testing.assert_array_equal(again[name], values, err_msg=name)
