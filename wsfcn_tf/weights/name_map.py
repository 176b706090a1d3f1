"""Where each parameter of the releases' state dicts lives in our models: data, no code that guesses.

An entry maps a module of the release to the path of our layer. What the layer is tells which tensors it has:
a convolution `.weight` (and `.bias`), a BatchNorm `.weight .bias .running_mean .running_var`.
"""

from wsfcn_tf.config import ModelConfig
from wsfcn_tf.models.backbones.wide_resnet38 import BLOCKS

# === Backbone: the same names, below `backbone` ===

_SHORT = ("bn_branch2a", "conv_branch2a", "bn_branch2b1", "conv_branch2b1")
_BOTTLENECK = (*_SHORT, "bn_branch2b2", "conv_branch2b2")

WIDE_RESNET38 = {"conv1a": "backbone.conv1a", "bn7": "backbone.bn7"}
for _block, _is_bottleneck, _is_projected in BLOCKS:
    for _part in (_BOTTLENECK if _is_bottleneck else _SHORT) + (("conv_branch1",) if _is_projected else ()):
        WIDE_RESNET38[f"{_block}.{_part}"] = f"backbone.{_block}.{_part}"

_INVERTED_RESIDUAL = ("expand_conv", "bn0", "depthwise_conv", "bn1", "project_conv", "bn2")


def efficientnet_lite(blocks: int) -> dict[str, str]:
    """{module of `efficientnet-lite-pytorch`: path in our backbone} for a network of so many blocks."""
    parts = {"_conv_stem": "conv_stem", "_bn0": "bn0", "_conv_head": "conv_head", "_bn1": "bn1"}
    for block in range(blocks):
        for part in _INVERTED_RESIDUAL if block else _INVERTED_RESIDUAL[2:]:  # the first has no expansion
            parts[f"_blocks.{block}._{part}"] = f"block{block}.{part}"
    return parts


# === Contexts ===

FCA = {
    "fca.ca.sharedMLP.0": "context.attention.squeeze",
    "fca.ca.sharedMLP.2": "context.attention.excite",
    "fca.sa.conv": "context.reweighting.conv",
    "fca.global_avg_pool.1": "context.pooling.conv",
    "fca.global_avg_pool.2": "context.pooling.bn",
    "fca.conv1": "context.conv",
    "fca.bn1": "context.bn",
}
for _index, _kernel in enumerate((1, 3, 5, 7), start=1):
    FCA |= {
        f"fca.fca{_index}.conv1_1": f"context.strip{_kernel}.down",
        f"fca.fca{_index}.conv1_2": f"context.strip{_kernel}.down_across",
        f"fca.fca{_index}.conv2_1": f"context.strip{_kernel}.across",
        f"fca.fca{_index}.conv2_2": f"context.strip{_kernel}.across_down",
    }

ASPP = {
    "aspp.global_avg_pool.1": "context.pooling.conv",
    "aspp.global_avg_pool.2": "context.pooling.bn",
    "aspp.conv1": "context.merge.conv",
    "aspp.bn1": "context.merge.bn",
}
for _index in (1, 2, 3, 4):
    ASPP |= {
        f"aspp.aspp{_index}.atrous_conv": f"context.branch{_index}.conv",
        f"aspp.aspp{_index}.bn": f"context.branch{_index}.bn",
    }

# === Fusions ===

SF2 = {
    "align1.down_l": "fusion.alignment.project_low",
    "align1.down_h": "fusion.alignment.project_high",
    "align1.flow_make": "fusion.alignment.flow",
}
for _index in (1, 2, 3, 4):
    for _suffix, _path in (("h", "shallow"), ("v", "deep")):
        SF2 |= {
            f"sf2.conv{_index}{_suffix}": f"fusion.paths.{_path}{_index}.conv",
            f"sf2.bn{_index}{_suffix}": f"fusion.paths.{_path}{_index}.bn",
        }

GCI = {
    "fc8_skip.0": "fusion.skip.conv",
    "fc8_skip.1": "fusion.skip.bn",
    "fc8_x.0": "fusion.decode.conv",
    "fc8_x.1": "fusion.decode.bn",
    "shallow_mask.fc_deep.0": "fusion.cue.conv",
    "shallow_mask.fc_deep.1": "fusion.cue.bn",
    "shallow_mask.fc_skip.0": "fusion.conv_low",
    "shallow_mask.fc_skip.1": "fusion.bn_low",
    "shallow_mask.fc_cls.0": "fusion.merge.conv",
    "shallow_mask.fc_cls.1": "fusion.merge.bn",
}

# === Head ===

HEAD = {
    "last_conv.0": "head.block1.conv",
    "last_conv.1": "head.block1.bn",
    "last_conv.4": "head.block2.conv",
    "last_conv.5": "head.block2.bn",
    "last_conv.8": "head.classifier",
}

# === Networks ===

WSFCN = WIDE_RESNET38 | FCA | SF2 | HEAD
SSSS = WIDE_RESNET38 | ASPP | GCI | HEAD

_RELEASED = {("fca", "sf2"): WSFCN, ("aspp", "gci"): SSSS}

# In the releases' checkpoints, but in no forward pass of them.
UNUSED = (r"fca\.fca[1-4]\.bn\.(weight|bias|running_mean|running_var)", r".*\.num_batches_tracked")


def modules_of(config: ModelConfig) -> dict[str, str] | None:
    """{module of a release: our path} for the network that `config` describes, None if no release has it."""
    in_release = config.backbone == "wide_resnet38" and config.head == "segmentation" and config.low_width is None
    if not in_release or "paper" in (config.context_form, config.fusion_form):
        return None
    return _RELEASED.get((config.context, config.fusion))
