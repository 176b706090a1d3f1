"""Every key of a config, and strategies for configs that hypothesis makes up."""

from dataclasses import is_dataclass, replace
from types import UnionType
from typing import Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from wsfcn_tf.config import ExperimentConfig


def keys(section=ExperimentConfig, prefix=""):
    """Returns {dotted key: type hint} of every key that is not a section."""
    found = {}
    for name, hint in get_type_hints(section).items():
        found |= keys(hint, f"{prefix}{name}.") if is_dataclass(hint) else {prefix + name: hint}
    return found


def values(hint):
    """Returns a strategy for values of a type, all of which are within every key's range."""
    if is_dataclass(hint):
        return st.builds(hint, **{name: values(inner) for name, inner in get_type_hints(hint).items()})
    if get_origin(hint) in (Union, UnionType):
        return st.one_of(map(values, get_args(hint)))
    if get_origin(hint) is Literal:
        return st.sampled_from(get_args(hint))
    if get_origin(hint) is dict:
        key, value = map(values, get_args(hint))
        if get_args(hint)[0] is int:
            key = key.map(lambda number: number % 65536)
        return st.dictionaries(key, value, min_size=1, max_size=4)
    if get_origin(hint) is tuple and get_args(hint)[-1] is Ellipsis:
        return st.lists(values(get_args(hint)[0]), min_size=1, max_size=5).map(tuple)
    if get_origin(hint) is tuple:
        return st.tuples(*map(values, get_args(hint))).map(lambda numbers: tuple(sorted(numbers)))
    simple = {
        int: st.integers(16, 10**6),
        float: st.floats(0, 0.5, exclude_min=True),
        bool: st.booleans(),
        str: st.text(),
        type(None): st.none(),
    }
    return simple[hint]


def agreeing(config):
    """Returns a config that differs from `config` only where its keys do not agree."""
    model, training = config.model, config.training
    wide, hub = model.backbone == "wide_resnet38", model.backbone == "keras_hub"
    model = replace(
        model,
        width=model.width if wide else 1.0,
        output_stride=None if wide else model.output_stride,
        low_stride=4 if wide else model.low_stride,
        head="cam" if training.pretrain_epochs >= training.epochs else "segmentation",
        synchronise_norm=model.synchronise_norm and not training.xla,
        rematerialise=model.rematerialise and not model.from_scratch and model.backbone not in ("vgg16", "keras_hub"),
        preset=(model.preset or "dinov2_small") if hub else None,
        preset_config=model.preset_config if hub else None,
        lora_rank=model.lora_rank if hub and not model.from_scratch and not model.freeze_backbone else None,
        freeze_backbone=model.freeze_backbone and not model.from_scratch,
    )
    training = replace(
        training,
        beta_2=training.beta_2 if training.optimizer == "adamw" else 0.999,
        cooldown_epochs=min(training.cooldown_epochs, training.epochs) if training.schedule == "constant" else 0,
        accumulation_steps=1 if model.synchronise_norm else training.batch_size,
        validate_miou=training.validate_miou or training.select == "miou",
    )
    data = config.data
    if data.format not in ("auto", "table", "label_studio"):
        data = replace(data, tag_column=None)
    if data.format not in ("auto", "table"):
        data = replace(data, tag_separator=None)
    if data.format == "tfds":
        data = replace(data, tfds=data.tfds or "voc/2012")
    elif data.format != "voc":
        data = replace(data, tfds=None)
    if data.format not in ("auto", "voc", "tagged") or data.tfds is not None:
        data = replace(data, mask_values=None)
    learning = config.self_supervision
    if model.head == "cam":
        data, learning = replace(data, masks="never", pseudo_masks=None), replace(learning, rounds=1)
    if data.masks == "never" and not data.pseudo_masks:
        data = replace(data, mask_share=None)
    inference = config.inference
    if inference.window_scales:
        inference = replace(inference, pad="tight")
    parts = {"model": model, "training": training, "data": data, "self_supervision": learning, "inference": inference}
    return replace(config, **parts)
