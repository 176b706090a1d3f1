"""A whole config: all sections, and what their keys must agree on."""

from collections.abc import Iterator

from pydantic.dataclasses import dataclass

from wsfcn_tf.config.data import DataConfig
from wsfcn_tf.config.inference import InferenceConfig
from wsfcn_tf.config.model import ModelConfig
from wsfcn_tf.config.section import Section
from wsfcn_tf.config.training import SelfSupervisionConfig, TrainingConfig
from wsfcn_tf.errors import UserError


@dataclass(frozen=True)
class ExperimentConfig(Section):
    """All of one experiment. The defaults are the paper's for VOC 2012, as the authors' release has them."""

    model: ModelConfig = ModelConfig()
    data: DataConfig = DataConfig()
    self_supervision: SelfSupervisionConfig = SelfSupervisionConfig()
    training: TrainingConfig = TrainingConfig()
    inference: InferenceConfig = InferenceConfig()


def check_agreements(config: ExperimentConfig, source: str = "config") -> None:
    """Checks what several values of `config` must agree on.

    Args:
        config: the settings to check.
        source: where they come from, the first words of an error's message.

    Raises:
        UserError: they do not agree; the message says which keys, and what to do.
    """
    for words in _disagreements(config):
        raise UserError(f"{source}: {words}")


def _disagreements(config: ExperimentConfig) -> Iterator[str]:
    yield from _of_model(config)
    yield from _of_training(config)
    yield from _of_data(config)
    if config.inference.window_scales and config.inference.pad == "release":
        yield "inference.window_scales are for inference.pad tight; leave out one of the two"


def _of_backbone(model: ModelConfig) -> Iterator[str]:
    hub = model.backbone == "keras_hub"
    if hub and model.preset is None:
        yield "model.backbone keras_hub needs model.preset: a name such as dinov2_small, or a folder"
    for key in () if hub else ("preset", "preset_config", "lora_rank"):
        if getattr(model, key) is not None:
            yield f"model.{key} is for model.backbone keras_hub; leave out one of the two"
    if hub and model.rematerialise:
        yield "model.rematerialise is not for model.backbone keras_hub; leave it out"
    if model.freeze_backbone and model.from_scratch:
        yield "model.freeze_backbone keeps what model.from_scratch trains; leave out one of the two"
    if model.lora_rank and (model.freeze_backbone or model.from_scratch):
        yield (
            "model.lora_rank updates nothing of the backbone but its additions; leave out model.freeze_backbone and "
            "model.from_scratch"
        )


def _of_model(config: ExperimentConfig) -> Iterator[str]:
    model, training = config.model, config.training
    yield from _of_backbone(model)
    if model.backbone != "wide_resnet38" and model.width != 1:
        yield "model.width must be 1 with this model.backbone; only wide_resnet38 comes in other widths"
    if model.backbone == "wide_resnet38" and model.output_stride not in (None, 8):
        yield "model.output_stride must be 8 with wide_resnet38, which has no other; leave it out"
    if model.backbone == "wide_resnet38" and model.low_stride != 4:
        yield "model.low_stride must be 4 with wide_resnet38; leave it out"
    if model.head == "cam" and training.pretrain_epochs < training.epochs:
        yield "model.head cam has no mask loss; set training.pretrain_epochs to training.epochs"
    if model.synchronise_norm and (training.accumulation_steps > 1 or training.xla):
        yield (
            "model.synchronise_norm works neither with training.accumulation_steps nor with training.xla; "
            "model.decoder_norm fixed does"
        )
    if model.rematerialise and model.from_scratch:
        yield (
            "model.rematerialise needs a backbone whose BatchNorms are frozen: computing a block again would update "
            "its statistics twice; leave out model.from_scratch"
        )
    if model.rematerialise and model.backbone == "vgg16":
        yield "model.rematerialise is for backbones of blocks, which vgg16 is not; leave it out"


def _of_training(config: ExperimentConfig) -> Iterator[str]:
    training = config.training
    if config.self_supervision.rounds != 1 and config.model.head == "cam":
        yield "self_supervision.rounds makes masks, which model.head cam does not learn from; leave out one of the two"
    if training.optimizer != "adamw" and training.beta_2 != TrainingConfig().beta_2:
        yield "training.beta_2 is for training.optimizer adamw; leave it out"
    if training.cooldown_epochs > training.epochs:
        yield "training.cooldown_epochs must be at most training.epochs"
    if training.cooldown_epochs and training.schedule != "constant":
        yield (
            "training.cooldown_epochs is for training.schedule constant; the others end at 0 by themselves: leave it "
            "out"
        )
    if training.warmup_epochs > training.epochs:
        yield "training.warmup_epochs must be at most training.epochs"
    if training.select != "last" and not training.validate_every:
        yield "training.select chooses among validated epochs; set training.validate_every, for example to 1"
    if training.select == "miou" and not training.validate_miou:
        yield "training.select miou chooses by masks; set training.validate_miou to true as well if that is meant"
    if training.validate_miou and not training.validate_every:
        yield "training.validate_miou measures in validated epochs; set training.validate_every, for example to 1"
    if training.batch_size % training.accumulation_steps:
        yield "training.batch_size must be a multiple of training.accumulation_steps"
    if training.weights == "imagenet" and config.model.backbone == "keras_hub":
        yield "training.weights imagenet is for the other backbones; model.preset brings its own: leave it out"
    if training.weights == "imagenet" and config.model.backbone == "wide_resnet38":
        yield (
            "training.weights imagenet is for the other backbones; for wide_resnet38 convert the checkpoint with "
            "convert-weights and name the file"
        )


def _of_data(config: ExperimentConfig) -> Iterator[str]:
    data = config.data
    if config.model.head == "cam" and (data.masks == "train" or data.pseudo_masks):
        yield "model.head cam has no mask loss; leave out data.masks and data.pseudo_masks"
    if data.mask_share is not None and data.masks == "never" and not data.pseudo_masks:
        yield "data.mask_share is of photos with masks; set data.masks to train as well, or data.pseudo_masks"
    if data.format == "tfds" and data.tfds is None:
        yield "data.format tfds needs data.tfds, the dataset's name, such as voc/2012"
    if data.tfds is not None and data.format not in ("voc", "tfds"):  # voc is the default
        yield "data.tfds is for data.format tfds; leave out one of the two"
    if data.mask_values and (data.format not in ("auto", "voc", "tagged") or data.tfds is not None):
        yield "data.mask_values is for the masks of a folder, data.format voc or tagged; leave it out"
    if data.tag_column is not None and data.format not in ("auto", "table", "label_studio"):
        yield "data.tag_column is for data.format auto, table and label_studio; leave it out"
    if data.tag_separator is not None and data.format not in ("auto", "table"):
        yield "data.tag_separator is for data.format auto and table; leave it out"
