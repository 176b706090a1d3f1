"""From masks to labels: the section `inference`."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from wsfcn_tf.config.section import Must, Number, Section


@dataclass(frozen=True)
class CRFConfig(Section):
    """The dense CRF behind the network (release; SSSS takes bilateral_sxy 80 and background_power 0)."""

    iterations: int = Field(0, ge=0)
    """Of mean field; 0 leaves the CRF out, the release's number is 10."""
    background_power: Number = Field(5.0, ge=0)
    """The CRF's background is (1 - the largest foreground mask) to this power; 0 gives it the background of
    inference.background instead."""
    gaussian_sxy: Number = Field(3.0, gt=0)
    """Reach in pixels of the kernel that wants neighbours alike."""
    gaussian_compat: Number = Field(3.0, ge=0)
    """Strength of that kernel."""
    bilateral_sxy: Number = Field(30.0, gt=0)
    """Reach in pixels of the kernel that wants neighbours of similar colour alike."""
    bilateral_srgb: Number = Field(13.0, gt=0)
    """Reach in levels of colour of that kernel."""
    bilateral_compat: Number = Field(10.0, ge=0)
    """Strength of that kernel."""


@dataclass(frozen=True)
class InferenceConfig(Section):
    """From masks to labels (release)."""

    precision: Literal["float32", "bfloat16", "auto"] = "float32"
    """What the layers compute in; weights, scores and masks are float32 with each. `bfloat16` is for hardware that has
    it (CPUs with AVX512-BF16 or AMX, recent GPUs); `auto` is bfloat16 there, else float32. Validation in a training
    computes in training.precision, an exported network in the precision that it was exported in."""
    photo_side: int | None = Field(None, ge=16)
    """Photos whose longer side has more pixels are looked at as if it had so many, those with less than half of them as
    if it had half, and labels are resized to the photo's: a network that was trained on crops of 224 pixels, which hold
    most of a photo, knows nothing of what a camera's twelve megapixels show it piece by piece. null, as in the release,
    looks at each photo in its own size."""
    scales: Annotated[
        tuple[Number, ...],
        Must(
            "one or more numbers above 0 and at most 8",
            lambda scales: len(scales) > 0 and all(0 < scale <= 8 for scale in scales),
        ),
    ] = (1.0,)
    """Of the photo, as photo_side has it; the masks at all of them are averaged. The release: 1, 0.5, 1.5, 2."""
    flip: bool = False
    """Look at each scale's mirror image, too."""
    window_scales: Annotated[
        tuple[Number, ...],
        Must("numbers above 0 and at most 8", lambda scales: all(0 < scale <= 8 for scale in scales)),
    ] = ()
    """Further scales, for masks alone, at which the network sees the photo through a sliding window: a network that was
    trained on crops knows things as large as they are in these, and what comes with a thing less well from close by.
    Which classes are there is judged by `scales`. Empty, as in the release, has none."""
    window_side: int = Field(321, ge=16)
    """The sliding window's side in pixels: training's `data.crop_size`."""
    pad: Literal["tight", "release"] = "tight"
    """`tight` shows the network each view as it is; `release` shows it in the middle of a square of zeros, whose share
    in the global pools changes the numbers a little: for comparing with the release."""
    pad_side: int = Field(1024, ge=16)
    """The square's side; the release has 1024 for VOC and 1304 for COCO. A larger view is an error."""
    tile_side: int | None = Field(1536, ge=16)
    """With pad tight, a view with a longer side is looked at in overlapping tiles of at most this side, which bounds
    the memory; null never does."""
    tile_overlap: Number = Field(0.25, ge=0, le=0.5)
    """How much of its side a tile, or a place of the sliding window, shares with the next at least."""
    background: Literal["constant", "power", "none"] = "constant"
    """`constant` replaces the background mask by background_value; `power` raises it to that power; `none` takes it as
    it is."""
    background_value: Number = Field(0.25, ge=0)
    """The constant or the exponent."""
    classes: Literal["scores", "tags"] = "scores"
    """Which may have pixels in a photo: `scores`, those whose best sigmoid score over the views of `scales` is above
    presence_threshold; `tags`, those that the photo is tagged with (the paper's "§" rows, and pseudo masks for the
    training split)."""
    presence_threshold: Number = Field(0.1, ge=0, le=1)
    """Of classes scores."""
    logit_adjustment: Number = Field(0.0, ge=0, le=4)
    """Above 0, each class's logits lose so many times its log-odds among the training photos, less the classes' mean
    (post-hoc logit adjustment, Menon et al., ICLR 2021), for example 0.25: what few photos show, and is small, is not
    overruled by what most photos show. The background's logits and the scores stay as they are. 0, as in the release,
    changes nothing."""
    class_log_odds: (
        Annotated[
            tuple[Number, ...],
            Must("numbers from -20 to 20", lambda log_odds: all(abs(value) <= 20 for value in log_odds)),
        ]
        | None
    ) = None
    """Leave it out: where logit_adjustment is above 0, training writes here each class's log-odds among its photos, by
    their tags. Given by hand, for a network that was trained without, it is a number for each class in their order."""
    saliency: Number = Field(0.0, ge=0)
    """Above 0, masks also go by what stands out from the photo's border, as in training with
    self_supervision.saliency; this says how much, for example 10. 0, as in the release, leaves it out."""
    grab_cut: int = Field(0, ge=0)
    """Above 0, GrabCut decides behind all this what is background, by each photo's own colours, in so many iterations,
    for example 5. 0, as in the release, leaves it out."""
    grab_cut_margin: float = Field(0.0, ge=0)
    """How far what GrabCut cuts out is enlarged, in pixels of the size in which a photo is looked at, for example 1.5:
    masks as people draw them can reach beyond it (benchmarks/saliency.md)."""
    photo_cues: Literal["always", "one_class", "tags"] = "always"
    """Which photos saliency and grab_cut are for: `always` all, and the CRF works on what they leave; `one_class` those
    whose masks show one class at most, and the CRF is for the others: what several classes share stands out as a whole,
    and a CRF tells them apart by colour. With `tags`, training decides when it begins: `one_class` where at least half
    of the photos that have tags have one; else saliency and grab_cut are 0, and the CRF is for all."""
    thresholds: Literal["tags", "masks"] | None = None
    """How background_value, presence_threshold and the like were chosen: `tags`, without looking at masks; `masks`, by
    looking at some. Changes nothing: every result says so."""
    crf: CRFConfig = CRFConfig()
    """The dense CRF, which is off unless its iterations are set."""
