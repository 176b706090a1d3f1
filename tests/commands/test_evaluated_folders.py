"""`evaluate` as a user types it: the data that it was trained on, and other folders."""

import json
import re

import numpy as np
import pytest
from PIL import Image
from six_photos import one_line, photo

from wsfcn_tf.__main__ import main
from wsfcn_tf.evaluation.metrics.per_image import PerImage

pytestmark = pytest.mark.usefixtures("tiny_networks")


def test_evaluate_scores_the_split(trained, root, capsys):
    assert main(["evaluate", "--weights", str(trained), "--data", str(root), "--split", "val"]) == 0
    printed = capsys.readouterr().out
    result = json.loads((trained / "evaluation-val" / "metrics.json").read_text())
    assert result["images"] == 2
    assert np.sum(result["confusion"]) == 2 * 36 * 44
    assert f"{100 * result['miou']:.2f}" in printed
    assert f"{result['trainable']:,}" in printed
    assert Image.open(trained / "evaluation-val" / "panel.png").size[0] > 100
    assert (result["model"]["decoder_width"], result["model"]["num_classes"], result["data"]) == (8, 2, str(root))
    assert PerImage.load(trained / "evaluation-val" / "per_image.npz").names == ["e", "f"]


def test_evaluate_takes_a_folder_of_photos_with_masks_as_it_is(trained, tmp_path, capsys):
    """No tags, no classes.txt, no list: the classes are the network's."""
    photo(tmp_path / "data" / "a photo.jpg", 0)
    shape = {"label": "dog", "shape_type": "polygon", "points": [[0, 0], [43, 0], [43, 17], [0, 17]]}
    drawn = {"imageHeight": 36, "imageWidth": 44, "shapes": [shape]}
    (tmp_path / "data" / "a photo.json").write_text(json.dumps(drawn))
    output = tmp_path / "result"
    assert main(["evaluate", "--weights", str(trained), "--data", str(tmp_path / "data"), "--output", str(output)]) == 0
    result = json.loads((output / "metrics.json").read_text())
    assert np.sum(result["confusion"], axis=1).tolist() == [18 * 44, 0, 18 * 44]
    assert result["trained_on"] is None and "trained on" not in capsys.readouterr().out  # of other photos nobody knows


def test_evaluate_and_predict_take_another_tools_folder_as_it_is(trained, tmp_path, capsys):
    """COCO's, whose one class is the network's second."""
    data = tmp_path / "data"
    photo(data / "images" / "a.jpg", 0)
    outline = {"id": 1, "image_id": 1, "category_id": 5, "segmentation": [[0, 0, 44, 0, 44, 9, 44, 18, 0, 18]]}
    images = [{"id": 1, "file_name": "a.jpg", "height": 36, "width": 44}]
    content = {"images": images, "annotations": [outline], "categories": [{"id": 5, "name": "dog"}]}
    (data / "val.json").write_text(json.dumps(content))
    given = ["--weights", str(trained), "--data", str(data), "--output", str(tmp_path / "result")]
    assert main(["evaluate", *given]) == 0
    confusion = np.array(json.loads((tmp_path / "result" / "metrics.json").read_text())["confusion"])
    assert confusion.sum(axis=1).tolist() == [18 * 44, 0, 18 * 44]
    assert main(["predict", *given, "--split", "val"]) == 0
    with Image.open(tmp_path / "result" / "images" / "a.png") as mask:
        assert mask.size == (44, 36)
    (data / "val.json").write_text(json.dumps(content).replace("dog", "cow"))
    assert main(["evaluate", *given]) == 2
    assert "its classes are cow, but the network's are cat, dog" in capsys.readouterr().err


def test_evaluate_writes_a_report(trained, root, tmp_path, capsys):
    arguments = ["evaluate", "--weights", str(trained), "--output", str(tmp_path / "result")]
    arguments += ["--set", "inference.scales=[1, 0.5]", "--set", "inference.crf.iterations=2"]
    assert main([*arguments, "--report", str(tmp_path / "report")]) == 0
    assert f"report: {tmp_path / 'report' / 'index.html'}" in capsys.readouterr().out
    assert [path.name for path in (tmp_path / "report").iterdir()] == ["index.html"]
    page = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert f"run on {root.name}, val split" in page
    miou = json.loads((tmp_path / "result" / "metrics.json").read_text())["miou"]
    shown = {"weights": trained / "model.weights.h5", "inference.scales": "1.0, 0.5", "inference.crf.iterations": 2}
    for name, value in shown.items():
        assert f"<dt>{name}</dt><dd>{value}</dd>" in page
    assert f"<dd>{100 * miou:.2f}" in page
    assert re.findall('data-stage="([^"]*)" aria-pressed', page)[:5] == (
        ["Photo", "CAM", "Prediction", "After CRF", "Ground truth"]
    )


def test_photos_of_unknown_tags_are_evaluated_but_do_not_tell(trained, root, tmp_path):
    for name in ("JPEGImages", "ImageSets", "SegmentationClass", "classes.txt"):
        (tmp_path / name).symlink_to(root / name)
    (tmp_path / "tags.csv").write_text("image,tags\ne.jpg,dog\n")
    output = tmp_path / "result"
    assert main(["evaluate", "--weights", str(trained), "--data", str(tmp_path), "--output", str(output)]) == 0
    result = json.loads((output / "metrics.json").read_text())
    assert (result["images"], result["tag_health"]["photos"]) == (2, 1)


def test_evaluating_with_ground_truth_tags_says_so(trained, tmp_path, capsys):
    command = ["evaluate", "--weights", str(trained), "--output", str(tmp_path), "--set", "inference.classes=tags"]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "classes in each photo: given by the data's tags\n" in printed and "thresholds: the release's\n" in printed
    result = json.loads((tmp_path / "metrics.json").read_text())
    assert (result["tags_at_inference"], result["thresholds"]) == ("the data's tags", "the release's")
    assert "--crf-processes must be at least 1, not 0" in one_line(capsys, *command, "--crf-processes", "0")


@pytest.mark.parametrize("data", ["format: tagged\n  tfds: null", "format: tfds\n  tfds: voc/2012"])
def test_a_network_trained_on_other_data_is_evaluated_on_a_voc_folder(trained, root, tmp_path, data):
    """What own photos need: tags to train on, and a few masks, in VOC's layout, to measure with."""
    run = tmp_path / "run"
    run.mkdir()
    for name in ("model.weights.h5", "classes.txt"):
        (run / name).write_bytes((trained / name).read_bytes())
    config = (trained / "config.yaml").read_text().replace("  tfds: null\n", "")
    (run / "config.yaml").write_text(config.replace("format: voc", data))
    assert main(["evaluate", "--weights", str(run), "--data", str(root)]) == 0
    results = [json.loads((folder / "evaluation-val" / "metrics.json").read_text()) for folder in (run, trained)]
    assert results[0]["confusion"] == results[1]["confusion"]
