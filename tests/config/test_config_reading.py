"""Config files: what is read, and the one line that each mistake ends in."""

import re
from dataclasses import asdict, replace
from operator import attrgetter
from pathlib import Path

import pytest
import yaml
from any_config import keys, values
from hypothesis import given, settings
from hypothesis import strategies as st

from wsfcn_tf.config import DataConfig, ExperimentConfig, ScenesConfig, TrainingConfig
from wsfcn_tf.config.reading import from_mapping, lay_file_over, load_config
from wsfcn_tf.errors import UserError

CONFIGS = sorted(Path(__file__).parents[2].glob("configs/*.yaml"))


@pytest.fixture
def config_path(tmp_path, monkeypatch):
    """Returns a function that writes the text of x.yaml, in the current folder, and returns its path."""
    monkeypatch.chdir(tmp_path)

    def write(text):
        Path("x.yaml").write_text(text, encoding="utf-8")
        return "x.yaml"

    return write


def message_of(text, *overrides):
    with pytest.raises(UserError) as caught:
        load_config(text, overrides)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# === What is read ===


# the others agree with every default
BOUND = {
    "data.mask_share",
    "data.tag_column",
    "data.tag_separator",
    "model.backbone",
    "model.preset",
    "model.preset_config",
    "model.lora_rank",
    "model.output_stride",
    "model.low_stride",
    "model.head",
    "training.batch_size",
    "training.accumulation_steps",
    "training.beta_2",
    "training.cooldown_epochs",
    "training.select",
    "training.validate_miou",
}


@given(config=values(ExperimentConfig))
@settings(max_examples=10)
def test_an_override_sets_its_key_and_no_other(tmp_path_factory, config):
    path = tmp_path_factory.getbasetemp() / "all_defaults.yaml"
    path.touch()
    for key in sorted(keys().keys() - BOUND):  # all of them every time: a new one may not agree with the defaults
        value = attrgetter(key)(config)
        if (key, value) == ("data.format", "tfds"):  # which needs data.tfds, too
            continue
        plain = list(value) if isinstance(value, tuple) else value
        text = yaml.safe_dump(plain, default_flow_style=True, width=float("inf"))
        expected = asdict(ExperimentConfig())
        *sections, name = key.split(".")
        section = expected
        for part in sections:
            section = section[part]
        section[name] = value
        assert asdict(load_config(path, [f"{key}={text}"])) == expected


@pytest.mark.parametrize("text", ["", "# nothing\n", "training:\n", "training: {}\n"])
def test_what_a_file_leaves_out_has_its_default(config_path, text):
    assert load_config(config_path(text)) == ExperimentConfig()


def test_a_nested_section_keeps_its_other_defaults(config_path):
    config = load_config(config_path("data: {format: scenes, scenes: {train: 8}}"))
    assert config == ExperimentConfig(data=DataConfig(format="scenes", scenes=ScenesConfig(train=8)))


@pytest.mark.parametrize("number", ["1e-3", "1.0e-3", "0.001", "1E-3", "'1e-3'"])
def test_numbers_without_a_dot_are_numbers(config_path, number):
    """YAML 1.1 takes 1e-3 for text."""
    config = load_config(config_path(f"training: {{learning_rate: {number}}}"))
    assert config.training.learning_rate == 0.001


def test_whole_numbers_become_floats_where_floats_belong(config_path):
    config = load_config(config_path("data: {crop_area: [1, 1]}"), ["training.learning_rate=1"])
    assert (config.training.learning_rate, config.data.crop_area) == (1.0, (1.0, 1.0))
    assert {type(number) for number in (config.training.learning_rate, *config.data.crop_area)} == {float}


def test_the_last_override_wins_and_overrides_win_over_the_file(config_path):
    path = config_path("training: {epochs: 5, seed: 5}")
    config = load_config(path, ["training.epochs=6", "training.epochs=7"])
    assert config.training == TrainingConfig(epochs=7, seed=5)


def test_an_override_can_hold_an_equals_sign_a_section_or_nothing(config_path):
    path = config_path("data: {root: old, scenes: {seed: 1}}")
    assert load_config(path, ["data.root=a=b"]).data.root == "a=b"
    assert load_config(path, ["data.root="]).data.root is None
    assert load_config(path, ["data.scenes={train: 2, val: 3}"]).data.scenes == ScenesConfig(train=2, val=3, seed=1)


def test_from_mapping_reads_what_json_holds():
    base = replace(ExperimentConfig(), training=TrainingConfig(epochs=3))
    config = from_mapping({"model": {"dilations": [1, 2, 3, 4]}}, base=base)
    assert (config.model.dilations, config.training.epochs) == ((1, 2, 3, 4), 3)
    config = from_mapping({"data": {"mask_values": {"0": "background", "255": "cat"}}})
    assert config.data.mask_values == {0: "background", 255: "cat"}


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_every_config_of_the_project_is_valid(path):
    load_config(path)


@pytest.mark.parametrize("path", sorted(CONFIGS[0].parent.glob("inference/*.yaml")), ids=lambda path: path.name)
def test_every_inference_file_changes_inference_and_nothing_else(path):
    base = ExperimentConfig()
    laid = lay_file_over(base, path, "inference")
    assert replace(laid, inference=base.inference) == base


def test_an_inference_file_changes_what_it_names(config_path):
    path = config_path("inference: {flip: true, crf: {iterations: 3}}\n")
    base = from_mapping({"inference": {"scales": [2], "crf": {"iterations": 9, "bilateral_sxy": 5}}})
    inference = lay_file_over(base, path, "inference").inference
    assert (inference.scales, inference.flip, inference.crf.iterations, inference.crf.bilateral_sxy) == (
        (2,),
        True,
        3,
        5,
    )


# === Mistakes ===


def test_an_inference_file_with_another_section(config_path):
    path = config_path("inference: {flip: true}\ntraining: {epochs: 3}\n")
    with pytest.raises(UserError) as error:
        lay_file_over(ExperimentConfig(), path, "inference")
    assert str(error.value) == (
        f"{path}: training does not belong here: of a trained network, only inference can be changed"
    )


def test_a_missing_file(config_path):
    assert message_of("configs/nowhere.yaml") == "configs/nowhere.yaml: there is no such config file"


def test_a_folder_in_place_of_a_file(tmp_path):
    assert message_of(tmp_path) == f"{tmp_path}: cannot be read: Is a directory"


def test_a_file_that_is_not_text(tmp_path):
    (tmp_path / "x.yaml").write_bytes(b"\xff\xfe\x00")
    assert message_of(tmp_path / "x.yaml") == f"{tmp_path / 'x.yaml'}: is not a text file in UTF-8"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model:\n  width: 1\n  context: a: b\n", "x.yaml: line 3: mapping values are not allowed here"),
        ("training:\n  epochs: 1\n  epochs: 2\n", "x.yaml: line 3: epochs is given twice"),
        ("data: {root: 2023-13-01}", "x.yaml: is not YAML: month must be in 1..12"),
        ("training: 3", "x.yaml: training must be a section of KEY: VALUE lines, not 3"),
        ("- 1", "x.yaml: the file must be a section of KEY: VALUE lines, not [1]"),
        (
            "training: {learning_rat: 1}",
            "x.yaml: training.learning_rat is not a key; did you mean training.learning_rate?",
        ),
        ("traning: {epochs: 1}", "x.yaml: traning is not a key; did you mean training?"),
        ("learning_rate: 1", "x.yaml: learning_rate is not a key; did you mean training.learning_rate?"),
        ("data: {scenes: {sead: 1}}", "x.yaml: data.scenes.sead is not a key; did you mean data.scenes.seed?"),
        (
            "data: {scenes: {zzz: 1}}",
            "x.yaml: data.scenes.zzz is not a key; the keys here are train, val, size, seed",
        ),
        ("{1: 2}", "x.yaml: 1 is not a key; the keys here are model, data, self_supervision, training, inference"),
        ("training: {epochs: thirty}", 'x.yaml: training.epochs must be a whole number, not "thirty"'),
        ("training: {epochs: 1.5}", "x.yaml: training.epochs must be a whole number, not 1.5"),
        ("training: {epochs: true}", "x.yaml: training.epochs must be a whole number, not true"),
        ("training: {epochs: 1e3}", 'x.yaml: training.epochs must be a whole number, not "1e3"'),
        ("training: {epochs: }", "x.yaml: training.epochs must be a whole number, not null"),
        (
            "self_supervision: {rounds: two}",
            'x.yaml: self_supervision.rounds must be a whole number or tags, not "two"',
        ),
        ("self_supervision: {rounds: 0}", "x.yaml: self_supervision.rounds must be at least 1, not 0"),
        ("training: {momentum: false}", "x.yaml: training.momentum must be a number, not false"),
        ("training: {momentum: high}", 'x.yaml: training.momentum must be a number, not "high"'),
        ("training: {momentum: .nan}", "x.yaml: training.momentum must be a number, not NaN"),
        ("training: {learning_rate: .inf}", "x.yaml: training.learning_rate must be a number, not Infinity"),
        ("data: {flip: 1}", "x.yaml: data.flip must be true or false, not 1"),
        (
            "data: {train_split: 2007}",
            "x.yaml: data.train_split must be text (in quotes if it looks like something else), not 2007",
        ),
        ("model: {num_classes: all}", 'x.yaml: model.num_classes must be a whole number or null, not "all"'),
        ("data: {jitter: [0.3, 0.1]}", "x.yaml: data.jitter must be a list of 4 numbers, not [0.3, 0.1]"),
        ("data: {jitter: [0.3, 0.3, 0.3, x]}", 'x.yaml: data.jitter[3] must be a number, not "x"'),
        (
            "self_supervision: {pamr_dilations: 4}",
            "x.yaml: self_supervision.pamr_dilations must be a list of whole numbers, not 4",
        ),
        (
            "inference: {background: constnat}",
            'x.yaml: inference.background must be one of constant, power, none, not "constnat"; did you mean constant?',
        ),
        (
            "inference: {background: 1}",
            "x.yaml: inference.background must be one of constant, power, none, not 1",
        ),
        (
            "data: {mask_values: [0, 255]}",
            "x.yaml: data.mask_values must be a mapping of whole numbers to texts or null, not [0, 255]",
        ),
        (
            "data: {mask_values: {255: 1}}",
            "x.yaml: data.mask_values must be a mapping of whole numbers to texts or null, not 1",
        ),
        (
            "data: {mask_values: {-1: ignore}}",
            'x.yaml: data.mask_values must be one or more values of 0 to 65535, each with a name, not {"-1": "ignore"}',
        ),
        (
            "data: {format: scenes, mask_values: {255: cat}}",
            "x.yaml: data.mask_values is for the masks of a folder, data.format voc or tagged; leave it out",
        ),
        ("training: {epochs: 0}", "x.yaml: training.epochs must be at least 1, not 0"),
    ],
)
def test_a_mistake_in_a_file(config_path, text, message):
    assert message_of(config_path(text)) == message


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("training.epochs", "write KEY=VALUE, as in --set training.epochs=10"),
        ("=10", "write KEY=VALUE, as in --set training.epochs=10"),
        ("training.epoch=10", "training.epoch is not a key; did you mean training.epochs?"),
        ("training.epochs.last=1", 'training.epochs must be a whole number, not {"last": 1}'),
        ("training.epochs=ten", 'training.epochs must be a whole number, not "ten"'),
        ("training.epochs=-1", "training.epochs must be at least 1, not -1"),
        ("data.jitter=[1", "line 1: expected ',' or ']', but got '<stream end>'"),
    ],
)
def test_a_mistake_in_an_override(config_path, override, message):
    assert message_of(config_path(""), override) == f"--set {override}: {message}"


@pytest.mark.parametrize("key", sorted(keys()))
def test_a_slip_of_the_finger_is_answered_with_the_key(config_path, key):
    slip = f"{key}x"
    expected = f"--set {slip}=1: {slip} is not a key; did you mean {key}?"
    assert message_of(config_path(""), f"{slip}=1") == expected


@given(text=st.text(alphabet=st.sampled_from("model:traing.widh 0123[]{}-,'\"\n#|&e")))
def test_any_text_is_a_config_or_one_line_of_complaint(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        load_config(path)
    except UserError as error:
        assert re.fullmatch(rf"{re.escape(str(path))}: .+", str(error))


def test_a_later_override_may_mend_how_keys_agree(config_path):
    path = config_path("model: {width: 0.5}")
    with pytest.raises(UserError, match=r"^x\.yaml: model\.width must be 1 with this model\.backbone"):
        load_config(path, ["model.backbone=resnet50"])
    assert load_config(path, ["model.backbone=resnet50", "model.width=1"]).model.backbone == "resnet50"
