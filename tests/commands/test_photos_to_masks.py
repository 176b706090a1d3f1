"""The commands as a user types them, on a folder of six tiny photos."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from wsfcn_tf.__main__ import main
from wsfcn_tf.data.masks.coco_file import CocoFile
from wsfcn_tf.evaluation.metrics import tag_health
from wsfcn_tf.evaluation.metrics.per_image import PerImage

# The backbone of the fewest layers: every command traces the network anew.
SMALL = """
model: {backbone: vgg16, context: aspp, fusion: gci, decoder_width: 8, dilations: [1, 2, 3, 4], from_scratch: true}
data: {format: voc, crop_size: 32}
training: {epochs: 2, pretrain_epochs: 1, batch_size: 3, panels: 2, learning_rate: 0.01}
"""


def photo(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (36, 44, 3), dtype=np.uint8)).save(path)


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """A VOC-layout folder: six photos to train on, of which the last two have masks."""
    root = tmp_path_factory.mktemp("voc")
    for seed, name in enumerate("abcdef"):
        photo(root / "JPEGImages" / f"{name}.jpg", seed)
    lists = root / "ImageSets" / "Segmentation"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("a\nb\nc\nd\ne\nf\n")
    (lists / "val.txt").write_text("e\nf\n")
    (root / "classes.txt").write_text("background\ncat\ndog\n")
    (root / "tags.csv").write_text("image,tags\na.jpg,cat\nb.jpg,dog\nc.jpg,cat;dog\nd.jpg,\ne.jpg,dog\nf.jpg,cat\n")
    (root / "SegmentationClass").mkdir()
    for label, name in ((2, "e"), (1, "f")):
        Image.fromarray(np.full((36, 44), label, np.uint8)).save(root / "SegmentationClass" / f"{name}.png")
    return root


@pytest.fixture(scope="module")
def trained(root, tmp_path_factory) -> Path:
    """The folder of a finished run."""
    folder = tmp_path_factory.mktemp("runs")
    config = folder / "small.yaml"
    config.write_text(SMALL)
    run = folder / "run"
    assert main(["train", "--config", str(config), "--set", f"data.root={root}", "--output", str(run)]) == 0
    return run


def test_train_leaves_a_complete_run(trained):
    assert (trained / "model.weights.h5").is_file()
    assert (trained / "classes.txt").read_text() == "cat\ndog\n"
    assert "num_classes: 2" in (trained / "config.yaml").read_text()
    assert sorted(path.name for path in (trained / "checkpoints").iterdir()) == ["epoch-0001", "epoch-0002"]
    assert list((trained / "tensorboard").iterdir())


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


def test_evaluate_takes_a_folder_of_photos_with_masks_as_it_is(trained, tmp_path):
    """No tags, no classes.txt, no list: the classes are the network's."""
    photo(tmp_path / "data" / "a photo.jpg", 0)
    shape = {"label": "dog", "shape_type": "polygon", "points": [[0, 0], [43, 0], [43, 17], [0, 17]]}
    drawn = {"imageHeight": 36, "imageWidth": 44, "shapes": [shape]}
    (tmp_path / "data" / "a photo.json").write_text(json.dumps(drawn))
    output = tmp_path / "result"
    assert main(["evaluate", "--weights", str(trained), "--data", str(tmp_path / "data"), "--output", str(output)]) == 0
    confusion = np.array(json.loads((output / "metrics.json").read_text())["confusion"])
    assert confusion.sum(axis=1).tolist() == [18 * 44, 0, 18 * 44]


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


def test_a_report_in_the_place_of_a_file_is_refused_at_once(trained, tmp_path, capsys):
    (tmp_path / "report").write_text("")
    arguments = ("--weights", str(trained), "--output", str(tmp_path / "result"), "--report", str(tmp_path / "report"))
    assert one_line(capsys, "evaluate", *arguments) == (
        f"error: --report {tmp_path / 'report'}: this is a file: name a folder"
    )
    assert not (tmp_path / "result").exists()


def test_predict_writes_a_mask_of_the_photos_size(trained, root, tmp_path):
    masks = tmp_path / "masks"
    assert main(["predict", "--weights", str(trained), "--output", str(masks), str(root / "JPEGImages")]) == 0
    assert sorted(path.name for path in masks.glob("*.png")) == [f"{name}.png" for name in "abcdef"]
    mask = Image.open(masks / "a.png")
    assert mask.mode == "P"
    assert mask.size == (44, 36)
    assert (masks / "a_overlay.jpg").is_file()


def test_predict_takes_a_split_of_the_data(trained, root, tmp_path):
    for name, source in (
        ("split", ["--split", "val"]),
        ("files", [str(root / "JPEGImages" / f"{n}.jpg") for n in "ef"]),
    ):
        assert main(["predict", "--weights", str(trained), "--output", str(tmp_path / name), *source]) == 0
    written = sorted((tmp_path / "split").iterdir())
    assert [path.name for path in written] == ["e.png", "e_overlay.jpg", "f.png", "f_overlay.jpg", "prediction.json"]
    for path in written:
        assert path.read_bytes() == (tmp_path / "files" / path.name).read_bytes()


def test_what_tags_tell_about_masks_is_told_where_they_are_known(trained, root, tmp_path, capsys, monkeypatch):
    def told(health, names):
        return [f"{health.photos} photos, {health.tagged.tolist()} with {', '.join(names)}"]

    monkeypatch.setattr(tag_health, "warnings", told)
    arguments = ["--weights", str(trained), "--output", str(tmp_path)]
    assert main(["predict", *arguments, "--split", "train"]) == 0
    assert capsys.readouterr().out.endswith(
        f"6 masks and overlays: {tmp_path}\nwarning: 6 photos, [3, 3] with cat, dog\n"
    )
    assert main(["predict", *arguments, str(root / "JPEGImages")]) == 0
    assert "warning" not in capsys.readouterr().out
    assert main(["evaluate", *arguments]) == 0
    assert "\nwarning: 2 photos, [1, 1] with cat, dog\n" in capsys.readouterr().out
    found = json.loads((tmp_path / "metrics.json").read_text())["tag_health"]
    assert (found["tags"], found["photos"], set(found["stray"])) == ("the data's tags", 2, {"cat", "dog"})


def test_photos_of_unknown_tags_are_evaluated_but_do_not_tell(trained, root, tmp_path):
    for name in ("JPEGImages", "ImageSets", "SegmentationClass", "classes.txt"):
        (tmp_path / name).symlink_to(root / name)
    (tmp_path / "tags.csv").write_text("image,tags\ne.jpg,dog\n")
    output = tmp_path / "result"
    assert main(["evaluate", "--weights", str(trained), "--data", str(tmp_path), "--output", str(output)]) == 0
    result = json.loads((output / "metrics.json").read_text())
    assert (result["images"], result["tag_health"]["photos"]) == (2, 1)


def test_predictions_are_resumed_and_say_how_they_were_made(trained, tmp_path, capsys):
    command = ["predict", "--weights", str(trained), "--split", "val", "--output", str(tmp_path), "--resume"]
    settings = [
        "--set",
        "inference.background_value=0.1",
        "--set",
        "inference.thresholds=masks",
        "--save-probabilities",
    ]
    assert main([*command, *settings]) == 0
    (tmp_path / "e.npz").unlink()
    kept = (tmp_path / "f.npz").stat().st_mtime_ns
    capsys.readouterr()
    assert main([*command, *settings]) == 0
    assert "1 of 2 photos are done already" in capsys.readouterr().out
    assert (tmp_path / "f.npz").stat().st_mtime_ns == kept
    with np.load(tmp_path / "e.npz") as saved:
        assert saved["masks"].shape == (36, 44, 3)
        np.testing.assert_allclose(saved["masks"].sum(axis=-1), 1, atol=2e-3)
    record = json.loads((tmp_path / "prediction.json").read_text())
    assert record["thresholds"].startswith("CHOSEN WITH MASKS") and record["classes"] == ["cat", "dog"]
    assert "was made with inference" in one_line(capsys, *command)


def test_pseudo_masks_hold_no_class_but_the_tags(trained, root, tmp_path, capsys):
    settings = ["--set", "inference.classes=tags", "--set", "inference.background_value=0"]
    command = ["predict", "--weights", str(trained), "--output", str(tmp_path / "masks"), *settings]
    assert main([*command, "--split", "train"]) == 0
    tags = {"a": {1}, "b": {2}, "c": {1, 2}, "d": {0}, "e": {2}, "f": {1}}
    for name, labels in tags.items():
        with Image.open(tmp_path / "masks" / f"{name}.png") as mask:
            assert set(np.unique(mask)) <= labels | {0}  # where the tagged classes underflow to 0
    assert "its tags are not known, and inference.classes is tags" in one_line(
        capsys, *command, str(root / "JPEGImages" / "a.jpg")
    )


def test_evaluating_with_ground_truth_tags_says_so(trained, tmp_path, capsys):
    command = ["evaluate", "--weights", str(trained), "--output", str(tmp_path), "--set", "inference.classes=tags"]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "classes in each photo: given by the data's tags\n" in printed and "thresholds: the release's\n" in printed
    result = json.loads((tmp_path / "metrics.json").read_text())
    assert (result["tags_at_inference"], result["thresholds"]) == ("the data's tags", "the release's")
    assert "--crf-processes must be at least 1, not 0" in one_line(capsys, *command, "--crf-processes", "0")


def test_a_trained_network_looks_at_photos_as_it_is_told_to(trained, root, tmp_path):
    single, several = tmp_path / "single", tmp_path / "several"
    views = ["--set", "inference.scales=[1, 0.5]", "--set", "inference.flip=true"]
    for output, settings in ((single, []), (several, views)):
        assert main(["evaluate", "--weights", str(trained), "--output", str(output), *settings]) == 0
    results = [json.loads((output / "metrics.json").read_text()) for output in (single, several)]
    assert [result["inference"]["scales"] for result in results] == [[1.0], [1.0, 0.5]]
    assert results[0]["inference"]["flip"] is False and results[1]["inference"]["flip"] is True
    for value, is_background in ((0, False), (2, True)):
        settings = ["--set", f"inference.background_value={value}", "--set", "inference.presence_threshold=0"]
        assert main(["evaluate", "--weights", str(trained), "--output", str(single), *settings]) == 0
        predicted = np.sum(json.loads((single / "metrics.json").read_text())["confusion"], axis=0)
        assert (predicted[0] > 0, predicted[1:].any()) == (is_background, not is_background)
    photo = str(root / "JPEGImages" / "a.jpg")
    for output, settings in ((single, []), (several, [*views, "--set", "inference.background_value=0"])):
        assert main(["predict", "--weights", str(trained), "--output", str(output), *settings, photo]) == 0
    assert (np.asarray(Image.open(several / "a.png")) > 0).all()  # nothing is below a background of 0


def test_a_weights_file_is_as_good_as_its_run(trained, root, tmp_path):
    for name, weights in (("run", trained), ("file", trained / "checkpoints" / "epoch-0002" / "model.weights.h5")):
        photos, output = str(root / "JPEGImages" / "a.jpg"), str(tmp_path / name)
        assert main(["predict", "--weights", str(weights), "--output", output, photos]) == 0
    assert (tmp_path / "run" / "a.png").read_bytes() == (tmp_path / "file" / "a.png").read_bytes()


# === Annotations to correct ===

ALL_PIXELS = ["--set", "inference.background_value=0", "--set", "inference.presence_threshold=0"]


def test_a_split_s_pseudo_masks_as_annotations(trained, root, tmp_path, capsys):
    """Exactly those that are written as masks, whose tags alone have pixels."""
    tags = ["--set", "inference.classes=tags", "--set", "inference.background_value=0"]
    command = ["predict", "--weights", str(trained), "--split", "train", *tags, "--output"]
    assert main([*command, str(tmp_path / "masks")]) == 0
    assert main([*command, str(tmp_path / "coco"), "--write", "coco", "--tolerance", "0"]) == 0
    printed = capsys.readouterr().out
    assert f"6 photos for coco: {tmp_path / 'coco' / 'coco.json'}\n" in printed
    read = CocoFile(tmp_path / "coco" / "coco.json", ("cat", "dog"))
    for name in "abcdef":
        with Image.open(tmp_path / "masks" / f"{name}.png") as mask:
            np.testing.assert_array_equal(read.read(f"{name}.jpg"), np.asarray(mask))
    assert not list((tmp_path / "coco").glob("*.png"))
    record = json.loads((tmp_path / "coco" / "prediction.json").read_text())
    assert (record["write"], record["tolerance"], record["with_photos"]) == ("coco", 0.0, False)
    again = [*command, str(tmp_path / "coco"), "--write", "coco", "--resume"]
    assert "was made with tolerance 0.0, this would be with 1.0" in one_line(capsys, *again)


def test_a_folder_for_labelme_can_be_corrected_and_read(trained, root, tmp_path, capsys):
    command = ["predict", "--weights", str(trained), "--output", str(tmp_path / "out"), str(root / "JPEGImages")]
    command += ["--write", "labelme", "--with-photos", *ALL_PIXELS]
    assert main(command) == 0
    assert sorted(path.name for path in (tmp_path / "out").glob("*.json")) == (
        [f"{name}.json" for name in "abcdef"] + ["prediction.json"]
    )
    capsys.readouterr()
    assert main(["doctor", str(tmp_path / "out")]) == 0
    assert "recognised as labelme" in capsys.readouterr().out
    assert "which may have been corrected: choose another --output, or add --resume" in one_line(capsys, *command)
    assert main([*command, "--resume"]) == 0
    assert "6 of 6 photos are done already" in capsys.readouterr().out
    evaluated = ["evaluate", "--weights", str(trained), "--data", str(tmp_path / "out"), *ALL_PIXELS]
    assert main([*evaluated, "--output", str(tmp_path / "result")]) == 0
    confusion = np.array(json.loads((tmp_path / "result" / "metrics.json").read_text())["confusion"])
    assert confusion.sum() == 6 * 36 * 44 and np.trace(confusion) > 0.97 * confusion.sum()


def test_the_least_certain_photos_are_written_first_and_alone(trained, root, tmp_path, capsys):
    command = ["predict", "--weights", str(trained), "--split", "train", "--output", str(tmp_path), *ALL_PIXELS]
    assert main([*command, "--least-certain", "2", "--write", "label-studio", "--with-photos"]) == 0
    header, *rows = (tmp_path / "least_certain.csv").read_text().splitlines()
    assert header == "photo,uncertainty,entropy,disagreement,class" and len(rows) == 6
    order = [row.split(",")[0] for row in rows]
    figures = [float(row.split(",")[1]) for row in rows]
    assert sorted(order) == list("abcdef") and figures == sorted(figures, reverse=True)
    tasks = json.loads((tmp_path / "label_studio.json").read_text())
    assert [task["data"]["image"].rpartition("/")[2] for task in tasks] == [f"{name}.jpg" for name in order[:2]]
    assert sorted(path.stem for path in (tmp_path / "images").iterdir()) == sorted(order[:2])
    printed = capsys.readouterr().out
    assert f"least certain of 6 photos: {order[0]} {figures[0]:.2f} (" in printed and "warning" not in printed


def test_the_least_certain_masks(trained, root, tmp_path, capsys):
    broken = tmp_path / "in" / "broken.jpg"
    photo(broken, 1)
    photo(tmp_path / "in" / "good.jpg", 2)
    broken.write_bytes(b"")
    output = ("--output", str(tmp_path / "out"), "--least-certain", "5")
    error = one_line(capsys, "predict", "--weights", str(trained), *output, str(tmp_path / "in"))
    assert error.startswith(f"error: 1 of 2 photos left out, all others done: {broken}: the image file is empty")
    assert [path.name for path in (tmp_path / "out").glob("*.png")] == ["good.png"]


def one_line(capsys, *arguments: str) -> str:
    """The message of a command that fails."""
    assert main(list(arguments)) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: ")
    return error


def test_weights_of_another_architecture(trained, root, tmp_path, capsys):
    config = (trained / "config.yaml").read_text()
    (tmp_path / "config.yaml").write_text(config.replace("decoder_width: 8", "decoder_width: 16"))
    (tmp_path / "classes.txt").write_text("cat\ndog\n")
    weights = tmp_path / "model.weights.h5"
    weights.write_bytes((trained / "model.weights.h5").read_bytes())
    error = one_line(capsys, "evaluate", "--weights", str(weights), "--data", str(root))
    assert error.startswith(f"error: {weights}: does not fit the model that its config.yaml describes (")


def test_weights_that_are_none(trained, tmp_path, capsys):
    output = ("--output", str(tmp_path / "masks"), "photo.jpg")
    missing = tmp_path / "nothing"
    assert one_line(capsys, "predict", "--weights", str(missing), *output) == (
        f"error: {missing}: no such run folder or weights file"
    )
    (tmp_path / "empty").mkdir()
    assert "not a training run's folder" in one_line(capsys, "predict", "--weights", str(tmp_path / "empty"), *output)
    (trained / "half.weights.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    assert "half.weights.h5: does not fit" in one_line(
        capsys, "predict", "--weights", str(trained / "half.weights.h5"), *output
    )


def test_data_of_other_classes(trained, root, tmp_path, capsys):
    for name in ("JPEGImages", "SegmentationClass", "ImageSets"):
        (tmp_path / name).symlink_to(root / name)
    (tmp_path / "classes.txt").write_text("background\ncat\nsheep\n")
    error = one_line(capsys, "evaluate", "--weights", str(trained), "--data", str(tmp_path))
    assert error == (
        f"error: {tmp_path}: its classes are cat, sheep, but the network's are cat, dog; "
        f"if they mean the same, copy {trained / 'classes.txt'} there"
    )


def test_what_cannot_be_changed_or_asked_for(trained, root, tmp_path, capsys):
    common = ("--weights", str(trained), "--output", str(tmp_path / "masks"))
    assert one_line(capsys, "evaluate", *common, "--set", "training.epochs=3") == (
        "error: --set training.epochs=3: of a trained network, only keys of inference can be changed"
    )
    assert "inference.scales must be one or more numbers above 0" in one_line(
        capsys, "predict", *common, "--set", "inference.scales=[0]", "--split", "val"
    )
    assert one_line(capsys, "predict", *common) == (
        "error: name photos or folders to predict, or a split of the data with --split"
    )
    masks = root / "SegmentationClass"
    error = one_line(capsys, "predict", "--weights", str(trained), "--output", str(masks), "--split", "val")
    assert error == f"error: {masks}: lies in the data folder {root}, whose files must not be overwritten"
    assert "leave out --data" in one_line(capsys, "predict", *common, "--data", str(root), "photo.jpg")
    assert "there is no such split: the folder has train, val" in one_line(
        capsys, "predict", *common, "--split", "test"
    )
    assert not (tmp_path / "masks").exists()


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


def test_evaluating_without_a_mask_is_an_error(trained, root, capsys):
    assert "a.png" in one_line(capsys, "evaluate", "--weights", str(trained), "--data", str(root), "--split", "train")


def test_an_unreadable_photo_stops_training_with_its_name(root, tmp_path, capsys):
    for name in ("ImageSets", "tags.csv", "classes.txt"):
        (tmp_path / name).symlink_to(root / name)
    (tmp_path / "JPEGImages").mkdir()
    for name in "abcdef":
        data = (root / "JPEGImages" / f"{name}.jpg").read_bytes()
        (tmp_path / "JPEGImages" / f"{name}.jpg").write_bytes(data[: len(data) // 2] if name == "d" else data)
    (tmp_path / "small.yaml").write_text(SMALL)
    arguments = ("--config", str(tmp_path / "small.yaml"), "--set", f"data.root={tmp_path}")
    assert "d.jpg" in one_line(capsys, "train", *arguments, "--output", str(tmp_path / "run"))
