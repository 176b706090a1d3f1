"""The network: the section `model`."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from wsfcn_tf.config.section import DILATIONS, Number, Section


@dataclass(frozen=True)
class ModelConfig(Section):
    """The network (paper section III; sizes as in the release)."""

    backbone: Literal[
        "wide_resnet38", "vgg16", "resnet50", "resnet101", "efficientnet_lite0", "efficientnet_lite2", "keras_hub"
    ] = "wide_resnet38"
    """Feature extractor."""
    preset: str | None = None
    """Of keras_hub: a preset's name, such as dinov2_small, `hf://OWNER/NAME`, `kaggle://OWNER/MODEL/keras/NAME`, or a
    folder that `save_to_preset` wrote. Its weights are what training starts from, unless training.weights names a
    file."""
    preset_config: str | None = None
    """Leave it out: training writes here what the preset's network is made of, so that a run does not need the preset
    again."""
    output_stride: Literal[8, 16, 32] | None = None
    """Of the backbone's last feature; null takes the backbone's own: 8 for wide_resnet38, which has no other, that of
    the preset's last feature for keras_hub, and 16 for the others. keras_hub leaves out what is behind that stride; its
    transformers have the stride of their patches and no other."""
    width: Number = Field(1.0, gt=0, le=1)
    """Fraction of wide_resnet38's channels; 1 is the paper's, 0.125 keeps all 38 layers at 1/64 of the cost."""
    from_scratch: bool = False
    """False as in the paper, whose backbone starts from ImageNet weights: its BatchNorms and its first stage (conv1a,
    b2*) are not updated; of keras_hub, BatchNorms are not. True trains all of it, with batch statistics."""
    freeze_backbone: bool = False
    """Whether nothing of the backbone is updated; features of large transformers are often used so."""
    lora_rank: int | None = Field(None, ge=1)
    """Of keras_hub's transformers: nothing of the backbone is updated but additions of this rank to the queries and
    values of its attentions (LoRA); null updates all of it."""
    head: Literal["segmentation", "cam"] = "segmentation"
    """`segmentation` is the method's; `cam` is the plain CAM classifier right behind the backbone, which has neither
    context nor fusion, and no mask loss."""
    context: Literal["fca", "mclm", "aspp", "non_local", "large_kernel", "ppm"] = "fca"
    """Module on the last feature. WS-FCN is fca with sf2, the SSSS baseline aspp with gci."""
    context_form: Literal["release", "paper"] = "release"
    """Of fca and mclm: as in the release, or as in the paper's Eqs. 1-6, which differ."""
    context_norm: Literal["fixed", "batch"] | None = None
    """What the context's BatchNorms normalise by in training: `fixed` keeps their running statistics, so that only
    scale and shift change, as in the release; `batch` takes the batch's. null is `batch` with from_scratch, else
    `fixed`."""
    decoder_norm: Literal["batch", "fixed"] = "batch"
    """The same of fusion and head: `batch` as in the release, or `fixed`."""
    synchronise_norm: bool = False
    """BatchNorms that take the batch's statistics take those of the global batch, over all devices; else each device
    takes its own share's. On one device it changes nothing but rounding."""
    rematerialise: bool = False
    """Backpropagation computes each backbone block's inner features again rather than keep them: less memory, more
    time, same results but for rounding (docs/training.md). Needs frozen BatchNorms."""
    dilations: Annotated[tuple[int, int, int, int], DILATIONS] = (1, 12, 24, 36)
    """Of the strip branches with kernel 1, 3, 5, 7; the last three are aspp's too. One that the feature map's side
    does not exceed reaches nothing: choose smaller ones for small crops."""
    low_stride: Literal[4, 8] = 4
    """Stride of the shallow feature, at which fusion and head compute and masks come out. 8 leaves them a
    quarter of the pixels, on which self_supervision.pamr_dilations reach twice as far; not for wide_resnet38, which
    the release has at 4. Tokens of keras_hub's transformers are enlarged to it."""
    low_width: int | None = Field(None, ge=1)
    """Channels that a 1x1 gives the shallow feature before the fusion sees it, for backbones where that feature is
    much narrower than the decoder; null leaves it as it is."""
    fusion: Literal["sf2", "gci", "sum", "concat", "product"] = "sf2"
    """How shallow and deep features meet."""
    fusion_form: Literal["release", "paper"] = "release"
    """Of sf2: as in the release, or as in the paper's Eqs. 7-12, which differ."""
    decoder_width: int = Field(256, ge=1)
    """Channels of everything behind the backbone."""
    networks: int = Field(1, ge=1)
    """How many networks learn at once, each with first weights, dropout and gate of its own; masks and scores are the
    mean of theirs (a deep ensemble, docs/training.md). Time, memory and files grow
    with it. The rounds before the last of self_supervision.rounds have one, which with `tags` is one of these."""
    dropout: bool = True
    """Whether the network's dropout layers drop anything in training."""
    gate_psi: Number = Field(0.3, ge=0, lt=1)
    """The stochastic gate's psi: how much of the shallow feature is mixed in."""
    focal_lambda: Number = Field(0.01, gt=0)
    """The focal term's offset in the image scores."""
    num_classes: int | None = Field(None, ge=1)
    """Foreground classes; null takes the number from the data."""
