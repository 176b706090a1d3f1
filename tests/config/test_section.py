"""Sections: every key says all about itself, and every mistake ends in one line, from a file and in Python alike."""

import pickle
import re
from dataclasses import FrozenInstanceError, asdict, replace

import pytest
from pydantic import TypeAdapter

from wsfcn_tf.config import (
    CRFConfig,
    DataConfig,
    ExperimentConfig,
    InferenceConfig,
    ModelConfig,
    ScenesConfig,
    SelfSupervisionConfig,
    TrainingConfig,
)
from wsfcn_tf.config.reading import from_mapping
from wsfcn_tf.config.words import range_words, type_words
from wsfcn_tf.errors import UserError

SECTIONS = [
    CRFConfig,
    DataConfig,
    InferenceConfig,
    ModelConfig,
    ScenesConfig,
    SelfSupervisionConfig,
    TrainingConfig,
]


def keys(section):
    """Returns {name: JSON schema} of a section's keys."""
    schemas = TypeAdapter(section).json_schema()["properties"]
    return {name: schema for name, schema in schemas.items() if "$ref" not in schema}


# === What a key says about itself ===


@pytest.mark.parametrize("section", [*SECTIONS, ExperimentConfig])
def test_the_defaults_are_valid(section):
    assert replace(section()) == section()


@pytest.mark.parametrize("section", SECTIONS)
def test_every_number_has_a_range_and_every_range_a_number(section):
    numbers = {name for name, schema in keys(section).items() if "number" in type_words(schema)}
    assert numbers == {name for name, schema in keys(section).items() if range_words(schema)}


@pytest.mark.parametrize("section", SECTIONS)
def test_every_key_has_a_meaning(section):
    assert [name for name, schema in keys(section).items() if not schema.get("description")] == []


# === Ranges ===


def with_value(key, value):
    for part in reversed(key.split(".")):
        value = {part: value}
    return from_mapping(value, "x.yaml")


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("model.width", [0.01, 1], [0, -0.5, 1.01]),
        ("model.dilations", [[1, 1, 1, 1]], [[1, 2, 3, 0]]),
        ("model.gate_psi", [0, 0.99], [-0.1, 1]),
        ("model.focal_lambda", [1e-6], [0]),
        ("model.num_classes", [1, None], [0]),
        ("data.crop_size", [16], [15]),
        ("data.crop_area", [[0.1, 0.1], [0.1, 1]], [[0, 1], [0.5, 0.4], [0.5, 1.1]]),
        ("data.crop_ratio", [[1, 1], [0.5, 2]], [[0, 1], [2, 0.5]]),
        ("data.jitter", [[0, 0, 0, 0], [2, 2, 2, 0.5]], [[0, 0, 0, 0.6], [-0.1, 0, 0, 0]]),
        ("data.scenes.train", [1], [0]),
        ("self_supervision.pamr_iterations", [0, 10], [-1]),
        ("self_supervision.pamr_dilations", [[1]], [[], [0, 1]]),
        ("self_supervision.floor", [0, 1], [-0.1, 1.1]),
        ("training.epochs", [1], [0]),
        ("training.pretrain_epochs", [0, 1000], [-1]),
        ("training.batch_size", [1], [0]),
        ("training.learning_rate", [1e-9], [0, -1]),
        ("training.momentum", [0, 0.9], [1]),
        ("training.weight_decay", [0], [-1e-4]),
        ("training.keep_checkpoints", [1], [0]),
        ("training.ema", [0, 0.999], [1, -0.1]),
        ("training.accumulation_steps", [1, 16], [0]),
        ("training.warmup_epochs", [0, 0.5], [-1]),
        ("self_supervision.ramp_epochs", [0, 3], [-1]),
        ("inference.background_value", [0, 3], [-1]),
        ("inference.presence_threshold", [0, 1], [1.5]),
    ],
)
def test_where_a_range_ends(key, good, bad):
    for value in good:
        with_value(key, value)
    for value in bad:
        with pytest.raises(UserError, match=rf"^x\.yaml: {re.escape(key)} must be "):
            with_value(key, value)


def test_the_message_names_key_value_and_range():
    with pytest.raises(UserError) as caught:
        with_value("data.crop_ratio", [2, 0.5])
    assert str(caught.value) == "x.yaml: data.crop_ratio must be two ratios above 0, the smaller first, not [2, 0.5]"


# === In Python ===


@pytest.mark.parametrize(
    ("section", "arguments", "message"),
    [
        (TrainingConfig, {"learning_rate": -1}, "TrainingConfig.learning_rate must be above 0, not -1"),
        (TrainingConfig, {"momentum": 1}, "TrainingConfig.momentum must be at least 0 and below 1, not 1"),
        (TrainingConfig, {"epochs": 1.5}, "TrainingConfig.epochs must be a whole number, not 1.5"),
        (TrainingConfig, {"epoch": 3}, "TrainingConfig.epoch is not a key; did you mean epochs?"),
        (ScenesConfig, {"zzz": 3}, "ScenesConfig.zzz is not a key; the keys here are train, val, size, seed"),
        (ModelConfig, {"num_classes": 0}, "ModelConfig.num_classes must be at least 1, not 0"),
        (ModelConfig, {"width": 2}, "ModelConfig.width must be above 0 and at most 1, not 2"),
        (
            ModelConfig,
            {"fusion": "sf1"},
            'ModelConfig.fusion must be one of sf2, gci, sum, concat, product, not "sf1"; did you mean sf2?',
        ),
        (
            ModelConfig,
            {"dilations": (1, 2, 3)},
            "ModelConfig.dilations must be a list of 4 whole numbers, not [1, 2, 3]",
        ),
        (
            ExperimentConfig,
            {"training": {"epochs": 3}},
            'a section must be a TrainingConfig, not {"epochs": 3}',
        ),
    ],
)
def test_a_mistake_in_python(section, arguments, message):
    with pytest.raises(UserError) as caught:
        section(**arguments)
    assert str(caught.value) == message
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_replace_checks_as_the_class_does():
    with pytest.raises(UserError, match=r"^TrainingConfig\.epochs must be at least 1, not 0$"):
        replace(TrainingConfig(), epochs=0)


def test_a_section_does_not_change():
    with pytest.raises(FrozenInstanceError):
        TrainingConfig().epochs = 3


def test_equal_sections_have_equal_hashes_wherever_they_were_made():
    config = ExperimentConfig(model=ModelConfig(dilations=[1, 2, 3, 4], width=1), training=TrainingConfig(ema="5e-1"))
    again = ExperimentConfig(model=ModelConfig(dilations=(1, 2, 3, 4)), training=TrainingConfig(ema=0.5))
    copy = pickle.loads(pickle.dumps(config))  # as processes hand it on
    assert config == again == copy != ExperimentConfig()
    assert hash(config) == hash(again) == hash(copy)
    assert type(config.model.width) is float


def test_a_section_is_made_again_from_its_plain_values():
    """As `Network.from_config` does, from JSON, whose lists were tuples."""
    section = ModelConfig(dilations=(1, 2, 3, 4), num_classes=3)
    assert ModelConfig(**{**asdict(section), "dilations": [1, 2, 3, 4]}) == section
