"""The paper's tables: its figures as printed, ours only where all that was run is the row's."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from wsfcn_tf.commands.networks import ROWS
from wsfcn_tf.config import CRFConfig, ExperimentConfig, InferenceConfig, ModelConfig
from wsfcn_tf.config.reading import load_config, override
from wsfcn_tf.data.tags.class_names import COCO, VOC
from wsfcn_tf.errors import UserError
from wsfcn_tf.evaluation.paper.commands import inference_of, training_of
from wsfcn_tf.evaluation.paper.found_results import FoundResult, find_results
from wsfcn_tf.evaluation.paper.rows import MULTI_SCALE, NETWORKS, paper_rows
from wsfcn_tf.evaluation.paper.tables import tables_text
from wsfcn_tf.inference.rules import thresholds_note

ROOT = Path(__file__).parents[3]
OURS = [row for row in paper_rows() if row.setup is not None]


def metrics(config=ExperimentConfig(), *, classes=VOC, **changes):
    """What `evaluate` writes, with figures that the paper does not have."""
    written = {
        "split": "val",
        "model": asdict(config.model),
        "inference": asdict(config.inference),
        "trainable": 123_456_789,
        "miou": 0.43217,
        "pixel_accuracy": 0.76543,
        "map": None,
        "images": {VOC: 1449, COCO: 40137}.get(classes, 100),
        "class_iou": dict.fromkeys(["background", *classes], 0.5),
    }
    return json.loads(json.dumps(written | changes))


FLIP = ExperimentConfig(inference=InferenceConfig(flip=True))


def ours(text):
    """From (title, label, ...) of every row with a result to its cells, of the paper's tables only."""
    tables = text.partition("Other results")[0].split("Table ")[1:]
    lines = [(table.split(":")[0], line) for table in tables for line in table.splitlines() if line.startswith("| ")]
    rows = [(table, *(cell.strip() for cell in line.strip("|").split("|"))) for table, line in lines]
    return [row for row in rows if row[-1] and row[-1] != "result"]


def other(text):
    return text.partition("Other results")[2].partition("What would fill")[0]


def test_the_papers_rows():
    rows = paper_rows()
    assert [sum(row.table == table for row in rows) for table in ("I", "II", "III", "IV", "V")] == [5, 6, 4, 38, 14]
    assert {row.method for row in OURS} == set(NETWORKS)
    assert {row.backbone for row in OURS} == {"WideResNet-38"} and {row.supervision for row in OURS} == {"I"}
    ablations = {(row.setup.context, row.setup.fusion, float(row.params_m)) for row in OURS if row.params_m}
    assert ablations == set(ROWS)
    best = next(row for row in rows if row.table == "III" and row.setting == "multi-scale+flip")
    assert (best.miou, best.pixacc) == ("61.57", "89.54")
    assert (best.setup.scales, best.setup.flip, best.setup.crf) == (set(MULTI_SCALE), True, False)


def test_nothing_measured_nothing_printed():
    text = tables_text([], "runs")
    for row in paper_rows():
        assert row.miou in text
    assert ours(text) == []
    assert "Other results" not in text and "*" not in text


def test_a_result_stands_in_every_row_that_is_its_own():
    text = tables_text([FoundResult("mine", metrics(FLIP))], "runs")
    assert ours(text) == [
        ("I", "WS-FCN", "60.68", "43.22", "89.32", "76.54", "147.34", "123.46", "mine"),
        ("III", "flip", "60.68", "43.22", "89.32", "76.54", "mine"),
    ]
    assert "Other results" not in text
    assert "val-flip" not in "".join(line for line in text.splitlines() if "runs/voc2012/" in line)


def test_two_results_of_a_row_stand_one_below_the_other():
    better = metrics(FLIP, miou=0.5)
    rows = ours(tables_text([FoundResult("mine", metrics(FLIP)), FoundResult("yours", better)], "runs"))
    assert [row[1:4] + row[-1:] for row in rows if row[0] == "III"] == [
        ("flip", "60.68", "43.22", "mine"),
        ("", "", "50.00", "yours"),
    ]


@pytest.mark.parametrize(
    "changed",
    [
        metrics(FLIP, images=1448),
        metrics(FLIP, split="train"),
        metrics(FLIP, classes=VOC[::-1]),
        metrics(FLIP, classes=VOC[:14]),
        metrics(replace(FLIP, model=ModelConfig(backbone="efficientnet_lite0"))),
        metrics(replace(FLIP, model=ModelConfig(width=0.5))),
        metrics(replace(FLIP, model=ModelConfig(context_form="paper"))),
        metrics(replace(FLIP, model=ModelConfig(fusion="concat"))),
        metrics(replace(FLIP, model=ModelConfig(head="cam"))),
        metrics(replace(FLIP, model=ModelConfig(context_norm="batch"))),
        metrics(ExperimentConfig(inference=InferenceConfig(scales=(0.75, 1.0), flip=True))),
        metrics(ExperimentConfig(inference=InferenceConfig(flip=True, crf=CRFConfig(iterations=10)))),
        metrics(inference=metrics(FLIP)["inference"] | {"classes": "tags"}),
        metrics(FLIP, model=None),
        metrics(FLIP, inference=None, model=None, masks="theirs"),
    ],
)
def test_what_differs_in_anything_stands_apart(changed):
    text = tables_text([FoundResult("mine", changed)], "runs")
    assert ours(text) == []
    assert "| mine" in other(text) and "43.22" in other(text)


def test_what_no_row_depends_on_may_differ():
    model = ModelConfig(context_norm="fixed", output_stride=8, num_classes=20, focal_lambda=0.1)
    assert len(ours(tables_text([FoundResult("mine", metrics(replace(FLIP, model=model)))], "runs"))) == 2


@pytest.mark.parametrize(
    ("inference", "mark", "note"),
    [
        (InferenceConfig(flip=True, thresholds="masks"), " *", "* Thresholds of inference were chosen by looking"),
        (InferenceConfig(flip=True, background_value=0.1), " ?", "? Thresholds of inference are not the release's"),
        (InferenceConfig(flip=True, background_value=0.1, thresholds="tags"), "", "\n\n"),
        (InferenceConfig(flip=True), "", "\n\n"),
    ],
)
def test_how_thresholds_were_chosen_is_marked(inference, mark, note):
    result = metrics(ExperimentConfig(inference=inference), thresholds=thresholds_note(inference))
    text = tables_text([FoundResult("mine", result), FoundResult("apart", result | {"images": 3})], "runs")
    assert [row[-1] for row in ours(text)] == [f"mine{mark}"] * 2
    assert f"| apart{mark} " in text and note in text
    assert text.count("Thresholds of inference") == bool(mark)


@pytest.mark.parametrize("row", OURS, ids=lambda row: f"{row.table}-{row.method}-{row.setting}-{row.split}")
def test_the_commands_of_a_row_lead_to_that_row(row):
    """Its config file is there, its settings are accepted, and what evaluate then writes stands in the row."""
    config, settings, _ = training_of(row)
    views = inference_of(row)
    experiment = override(load_config(ROOT / config, settings), views)
    assert thresholds_note(experiment.inference) == "the release's"
    written = metrics(experiment, classes=VOC if row.dataset == "VOC 2012" else COCO)
    found = FoundResult("mine", written)
    assert found.setup == replace(row.setup, split="val")
    assert f"--config {config} " in tables_text([], "runs")
    if row.split == "val":
        assert "mine" in {cells[-1] for cells in ours(tables_text([found], "runs")) if cells[0] == row.table}


def test_results_are_found_below_a_folder(tmp_path):
    for name, content in (
        ("b/evaluation-val", metrics(FLIP)),
        ("a", metrics(FLIP, images=3)),
        ("demo", {"CAM": metrics(classes=("x",)), "WS-FCN": metrics(classes=("x",))}),
        ("other program", {"loss": 3}),
        ("list", [1]),
    ):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "metrics.json").write_text(json.dumps(content))
    found = find_results(tmp_path)
    assert [result.name for result in found] == ["a", "b/evaluation-val", "demo: CAM", "demo: WS-FCN"]
    assert [result.dataset for result in found] == ["VOC 2012", "VOC 2012", "1 classes", "1 classes"]
    (tmp_path / "a" / "metrics.json").write_text("{")
    with pytest.raises(UserError, match=r"a/metrics.json: is not JSON"):
        find_results(tmp_path)
    with pytest.raises(UserError, match=r"nowhere: there is no such folder of results$"):
        find_results(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("inference", "words"),
    [
        (InferenceConfig(), "single"),
        (InferenceConfig(flip=True), "flip"),
        (InferenceConfig(scales=(0.5, 1, 1.5, 2)), "multi-scale"),
        (InferenceConfig(scales=MULTI_SCALE, flip=True, crf=CRFConfig(iterations=1)), "multi-scale+flip+CRF"),
        (InferenceConfig(scales=(1, 0.75)), "scales 0.75, 1"),
        (InferenceConfig(crf=CRFConfig(iterations=1)), "single+CRF"),
        (InferenceConfig(window_scales=(1.5, 2), flip=True), "flip+window"),
        (InferenceConfig(saliency=5, grab_cut=3), "single+saliency+GrabCut"),
    ],
)
def test_settings_in_words(inference, words):
    found = FoundResult("mine", metrics(ExperimentConfig(inference=inference)))
    assert found.setting == words
    beyond_the_paper = inference.window_scales or inference.saliency or inference.grab_cut
    assert (found.setup is None) == bool(beyond_the_paper)
