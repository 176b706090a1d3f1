"""What several keys must agree on."""

import re

import pytest

from wsfcn_tf.config import ExperimentConfig
from wsfcn_tf.config.experiment import check_agreements
from wsfcn_tf.config.reading import from_mapping
from wsfcn_tf.errors import UserError

HUB = {"backbone": "keras_hub", "preset": "dinov2_small"}


def test_the_defaults_agree():
    check_agreements(ExperimentConfig())


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"model": {"backbone": "vgg16", "width": 0.5}}, "model.width must be 1 with this model.backbone"),
        ({"model": {"output_stride": 16}}, "model.output_stride must be 8 with wide_resnet38"),
        ({"model": {"low_stride": 8}}, "model.low_stride must be 4 with wide_resnet38"),
        ({"model": {"head": "cam"}}, "model.head cam has no mask loss; set training.pretrain_epochs"),
        (
            {"model": {"head": "cam"}, "training": {"pretrain_epochs": 30}, "data": {"masks": "train"}},
            "model.head cam has no mask loss; leave out data.masks and data.pseudo_masks",
        ),
        ({"data": {"mask_share": 0.5}}, "data.mask_share is of photos with masks; set data.masks to train"),
        ({"training": {"beta_2": 0.9}}, "training.beta_2 is for training.optimizer adamw"),
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
        ({"model": {"backbone": "keras_hub"}}, "model.backbone keras_hub needs model.preset: a name such as"),
        ({"model": {"preset": "dinov2_small"}}, "model.preset is for model.backbone keras_hub; leave out one of"),
        (
            {"inference": {"window_scales": [2], "pad": "release"}},
            "inference.window_scales are for inference.pad tight; leave out",
        ),
        ({"model": {"preset_config": "{}"}}, "model.preset_config is for model.backbone keras_hub; leave out one of"),
        ({"model": {"lora_rank": 2}}, "model.lora_rank is for model.backbone keras_hub; leave out one of"),
        ({"model": {**HUB, "rematerialise": True}}, "model.rematerialise is not for model.backbone keras_hub"),
        (
            {"model": {"freeze_backbone": True, "from_scratch": True}},
            "model.freeze_backbone keeps what model.from_scratch trains; leave out one of the two",
        ),
        (
            {"model": {**HUB, "lora_rank": 2, "freeze_backbone": True}},
            "model.lora_rank updates nothing of the backbone",
        ),
        ({"model": {**HUB, "lora_rank": 2, "from_scratch": True}}, "model.lora_rank updates nothing of the backbone"),
        (
            {"model": HUB, "training": {"weights": "imagenet"}},
            "training.weights imagenet is for the other backbones; model.preset brings its own",
        ),
        ({"training": {"weights": "imagenet"}}, "training.weights imagenet is for the other backbones"),
        (
            {"training": {"select": "loss"}},
            "training.select chooses among validated epochs; set training.validate_every",
        ),
        ({"training": {"select": "miou", "validate_every": 1}}, "training.select miou chooses by masks"),
        ({"training": {"validate_miou": True}}, "training.validate_miou measures in validated epochs"),
        ({"data": {"format": "tfds"}}, "data.format tfds needs data.tfds"),
        ({"data": {"format": "tagged", "tfds": "voc/2012"}}, "data.tfds is for data.format tfds"),
        ({"data": {"format": "coco", "tag_column": "label"}}, "data.tag_column is for data.format auto, table and"),
        ({"data": {"format": "label_studio", "tag_separator": "space"}}, "data.tag_separator is for data.format auto"),
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
        {"model": {**HUB, "lora_rank": 2}, "training": {"weights": "backbone.weights.h5"}},
        {"model": {**HUB, "freeze_backbone": True, "output_stride": 16, "low_stride": 8}},
        {"model": {"freeze_backbone": True}},
    ],
)
def test_what_agrees(settings):
    from_mapping(settings, "x.yaml")
