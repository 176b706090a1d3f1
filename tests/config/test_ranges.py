"""Every number of a config has a range, and the ranges end where they should."""

import re
from typing import get_args, get_type_hints

import pytest

from wsfcn_tf.config import ExperimentConfig
from wsfcn_tf.config.ranges import RANGES, check_agreements, check_ranges
from wsfcn_tf.config.reading import from_mapping
from wsfcn_tf.errors import UserError


def number_keys():
    """Yields the dotted names of the keys that hold numbers."""
    for section, section_type in get_type_hints(ExperimentConfig).items():
        for name, hint in get_type_hints(section_type).items():
            inner = get_type_hints(hint) if hasattr(hint, "__dataclass_fields__") else {"": hint}
            for last, kind in inner.items():
                if {int, float} & {kind, *get_args(kind)}:
                    yield ".".join(filter(None, (section, name, last)))


def with_value(key, value):
    for part in reversed(key.split(".")):
        value = {part: value}
    return from_mapping(value, "x.yaml")


def test_the_defaults_are_valid():
    check_ranges(ExperimentConfig())
    check_agreements(ExperimentConfig())


def test_every_number_has_a_range_and_every_range_a_number():
    assert set(RANGES) == set(number_keys())


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
    assert str(caught.value) == "x.yaml: data.crop_ratio must be two ratios above 0, the smaller first, not [2.0, 0.5]"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"model": {"backbone": "vgg16", "width": 0.5}}, "model.width must be 1 with this model.backbone"),
        ({"model": {"output_stride": 16}}, "model.output_stride must be 8 with wide_resnet38"),
        ({"model": {"head": "cam"}}, "model.head cam has no mask loss; set training.pretrain_epochs"),
        ({"training": {"cooldown_epochs": 31}}, "training.cooldown_epochs must be at most training.epochs"),
        (
            {"training": {"cooldown_epochs": 3, "schedule": "poly"}},
            "training.cooldown_epochs is for training.schedule constant",
        ),
        ({"training": {"warmup_epochs": 30.5}}, "training.warmup_epochs must be at most training.epochs"),
        (
            {"training": {"accumulation_steps": 3}},
            "training.batch_size must be a multiple of training.accumulation_steps",
        ),
        (
            {"model": {"synchronise_norm": True}, "training": {"accumulation_steps": 2}},
            "model.synchronise_norm works neither with training.accumulation_steps nor",
        ),
        (
            {"model": {"synchronise_norm": True}, "training": {"xla": True}},
            "model.synchronise_norm works neither with training.accumulation_steps nor",
        ),
        (
            {"model": {"rematerialise": True, "from_scratch": True}},
            "model.rematerialise needs a backbone whose BatchNorms are frozen",
        ),
        (
            {"model": {"rematerialise": True, "backbone": "vgg16"}},
            "model.rematerialise is for backbones of blocks",
        ),
        ({"training": {"weights": "imagenet"}}, "training.weights imagenet is for the other backbones"),
    ],
)
def test_what_keys_must_agree_on(settings, words):
    with pytest.raises(UserError, match=rf"^x\.yaml: {re.escape(words)}"):
        from_mapping(settings, "x.yaml")


@pytest.mark.parametrize(
    "settings",
    [
        {"model": {"backbone": "resnet50", "output_stride": 8}, "training": {"weights": "imagenet"}},
        {"model": {"output_stride": 8, "width": 0.5}},
        {"model": {"head": "cam"}, "training": {"epochs": 3, "pretrain_epochs": 3}},
    ],
)
def test_what_agrees(settings):
    from_mapping(settings, "x.yaml")
