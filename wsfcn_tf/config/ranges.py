"""Which values of an `ExperimentConfig` make sense: one line of data per key, and what keys must agree on."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, NamedTuple

from wsfcn_tf.config.schema import ExperimentConfig
from wsfcn_tf.errors import UserError


class Range(NamedTuple):
    """A condition on a value, and the words for it that fit behind "must be"."""

    words: str
    holds: Callable[[Any], bool]


_AT_LEAST_0 = Range("at least 0", lambda value: value >= 0)
_AT_LEAST_1 = Range("at least 1", lambda value: value >= 1)
_AT_LEAST_1_OR_NONE = Range("at least 1", lambda value: value is None or value >= 1)
_ABOVE_0 = Range("above 0", lambda value: value > 0)
_SHARE = Range("from 0 to 1", lambda value: 0 <= value <= 1)
_SHARE_BELOW_1 = Range("at least 0 and below 1", lambda value: 0 <= value < 1)
_SIDE = Range("at least 16", lambda value: value >= 16)
_DILATIONS = Range("one or more numbers that are at least 1", lambda values: len(values) > 0 and min(values) >= 1)

RANGES = {
    "model.width": Range("above 0 and at most 1", lambda value: 0 < value <= 1),
    "model.dilations": _DILATIONS,
    "model.low_width": _AT_LEAST_1_OR_NONE,
    "model.decoder_width": _AT_LEAST_1,
    "model.gate_psi": _SHARE_BELOW_1,
    "model.focal_lambda": _ABOVE_0,
    "model.num_classes": _AT_LEAST_1_OR_NONE,
    "data.crop_size": _SIDE,
    "data.crop_area": Range(
        "two shares of the photo, the smaller first, above 0 and at most 1",
        lambda area: 0 < area[0] <= area[1] <= 1,
    ),
    "data.crop_ratio": Range("two ratios above 0, the smaller first", lambda ratio: 0 < ratio[0] <= ratio[1]),
    "data.jitter": Range(
        "four numbers that are at least 0, the last (hue) at most 0.5",
        lambda jitter: min(jitter) >= 0 and jitter[3] <= 0.5,
    ),
    "data.workers": Range("at least 1", lambda value: value is None or value >= 1),
    "data.scenes.train": _AT_LEAST_1,
    "data.scenes.val": _AT_LEAST_1,
    "data.scenes.size": _SIDE,
    "data.scenes.seed": _AT_LEAST_0,
    "self_supervision.weight": _AT_LEAST_0,
    "self_supervision.ramp_epochs": _AT_LEAST_0,
    "self_supervision.pamr_iterations": _AT_LEAST_0,
    "self_supervision.pamr_dilations": _DILATIONS,
    "self_supervision.floor": _SHARE,
    "self_supervision.background_factor": _SHARE,
    "self_supervision.foreground_factor": _SHARE,
    "training.epochs": _AT_LEAST_1,
    "training.pretrain_epochs": _AT_LEAST_0,
    "training.batch_size": _AT_LEAST_1,
    "training.learning_rate": _ABOVE_0,
    "training.backbone_bias_multiplier": _AT_LEAST_0,
    "training.new_weight_multiplier": _AT_LEAST_0,
    "training.new_bias_multiplier": _AT_LEAST_0,
    "training.warmup_epochs": _AT_LEAST_0,
    "training.cooldown_epochs": _AT_LEAST_0,
    "training.ema": _SHARE_BELOW_1,
    "training.momentum": _SHARE_BELOW_1,
    "training.weight_decay": _AT_LEAST_0,
    "training.accumulation_steps": _AT_LEAST_1,
    "training.seed": _AT_LEAST_0,
    "training.keep_checkpoints": _AT_LEAST_1,
    "training.checkpoint_every": _AT_LEAST_0,
    "training.panels": _AT_LEAST_0,
    "training.validate_every": _AT_LEAST_0,
    "inference.scales": Range(
        "one or more numbers above 0 and at most 8",
        lambda scales: len(scales) > 0 and all(0 < scale <= 8 for scale in scales),
    ),
    "inference.pad_side": _SIDE,
    "inference.tile_side": Range("at least 16", lambda value: value is None or value >= 16),
    "inference.tile_overlap": Range("from 0 to 0.5", lambda value: 0 <= value <= 0.5),
    "inference.background_value": _AT_LEAST_0,
    "inference.presence_threshold": _SHARE,
    "inference.crf.iterations": _AT_LEAST_0,
    "inference.crf.background_power": _AT_LEAST_0,
    "inference.crf.gaussian_sxy": _ABOVE_0,
    "inference.crf.gaussian_compat": _AT_LEAST_0,
    "inference.crf.bilateral_sxy": _ABOVE_0,
    "inference.crf.bilateral_srgb": _ABOVE_0,
    "inference.crf.bilateral_compat": _AT_LEAST_0,
}

# What several keys must agree on: whether they do, and what is wrong if not.
AGREEMENTS: tuple[tuple[Callable[[ExperimentConfig], bool], str], ...] = (
    (
        lambda config: config.model.backbone == "wide_resnet38" or config.model.width == 1,
        "model.width must be 1 with this model.backbone; only wide_resnet38 comes in other widths",
    ),
    (
        lambda config: config.model.backbone != "wide_resnet38" or config.model.output_stride in (None, 8),
        "model.output_stride must be 8 with wide_resnet38, which has no other; leave it out",
    ),
    (
        lambda config: config.model.head != "cam" or config.training.pretrain_epochs >= config.training.epochs,
        "model.head cam has no mask loss; set training.pretrain_epochs to training.epochs",
    ),
    (
        lambda config: config.training.cooldown_epochs <= config.training.epochs,
        "training.cooldown_epochs must be at most training.epochs",
    ),
    (
        lambda config: config.training.select == "last" or config.training.validate_every > 0,
        "training.select chooses among validated epochs; set training.validate_every, for example to 1",
    ),
    (
        lambda config: config.training.select != "miou" or config.training.validate_miou,
        "training.select miou chooses by masks; set training.validate_miou to true as well if that is meant",
    ),
    (
        lambda config: not config.training.validate_miou or config.training.validate_every > 0,
        "training.validate_miou measures in validated epochs; set training.validate_every, for example to 1",
    ),
    (
        lambda config: config.training.schedule == "constant" or config.training.cooldown_epochs == 0,
        "training.cooldown_epochs is for training.schedule constant; the others end at 0 by themselves: leave it out",
    ),
    (
        lambda config: config.training.warmup_epochs <= config.training.epochs,
        "training.warmup_epochs must be at most training.epochs",
    ),
    (
        lambda config: config.training.batch_size % config.training.accumulation_steps == 0,
        "training.batch_size must be a multiple of training.accumulation_steps",
    ),
    (
        lambda config: (
            not config.model.synchronise_norm or (config.training.accumulation_steps == 1 and not config.training.xla)
        ),
        "model.synchronise_norm works neither with training.accumulation_steps nor with training.xla; "
        "model.decoder_norm fixed does",
    ),
    (
        lambda config: not config.model.rematerialise or not config.model.from_scratch,
        "model.rematerialise needs a backbone whose BatchNorms are frozen: computing a block again would update its "
        "statistics twice; leave out model.from_scratch",
    ),
    (
        lambda config: not config.model.rematerialise or config.model.backbone != "vgg16",
        "model.rematerialise is for backbones of blocks, which vgg16 is not; leave it out",
    ),
    (
        lambda config: config.model.backbone != "wide_resnet38" or config.training.weights != "imagenet",
        "training.weights imagenet is for the other backbones; for wide_resnet38 convert the checkpoint with "
        "convert-weights and name the file",
    ),
    (
        lambda config: config.data.format != "tfds" or config.data.tfds is not None,
        "data.format tfds needs data.tfds, the dataset's name, such as voc/2012",
    ),
    (
        lambda config: config.data.tfds is None or config.data.format in ("voc", "tfds"),  # voc is the default
        "data.tfds is for data.format tfds; leave out one of the two",
    ),
)


def check_ranges(config: ExperimentConfig, source: str = "config") -> None:
    """Checks every value of `config` against `RANGES`.

    Args:
        config: the settings to check.
        source: where they come from, the first words of an error's message.

    Raises:
        UserError: a value is outside its range; the message names the key, the value and the range.
    """
    for key, allowed in RANGES.items():
        value = attrgetter(key)(config)
        if not allowed.holds(value):
            found = list(value) if isinstance(value, tuple) else value
            raise UserError(f"{source}: {key} must be {allowed.words}, not {found}")


def check_agreements(config: ExperimentConfig, source: str = "config") -> None:
    """Checks what several values of `config` must agree on.

    Args:
        config: the settings to check.
        source: where they come from, the first words of an error's message.

    Raises:
        UserError: they do not agree; the message says which keys, and what to do.
    """
    for holds, words in AGREEMENTS:
        if not holds(config):
            raise UserError(f"{source}: {words}")
