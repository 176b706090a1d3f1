"""From the network's masks to labels: which classes stay, and what the background has to be beaten with (release)."""

from typing import NamedTuple

import numpy as np

from wsfcn_tf.config import CRFConfig, InferenceConfig
from wsfcn_tf.errors import UserError
from wsfcn_tf.inference.prediction import Prediction

_NOTES = {
    "tags": "chosen without masks",
    "masks": "CHOSEN WITH MASKS: not comparable with results that have used tags alone",
}


class NetworkOutput(NamedTuple):
    """What the network says of a photo.

    Attributes:
        masks: float32 [H, W, 1+C] in [0, 1], channel 0 the background.
        scores: float32 [C], before the sigmoid.
    """

    masks: np.ndarray
    scores: np.ndarray


def sigmoid(scores: np.ndarray) -> np.ndarray:
    """The logistic function, without overflow at either end; keeps shape and floating dtype."""
    return np.exp(-np.logaddexp(0, -scores))


def to_prediction(output: NetworkOutput, config: InferenceConfig, tags: np.ndarray | None) -> Prediction:
    """A prediction by the rules alone, without a CRF.

    Args:
        output: the network's masks and scores.
        config: the rules.
        tags: float32 [C] in {0, 1}; needed if `inference.classes` is tags, else not looked at.

    Raises:
        UserError: tags are needed and there are none.
    """
    masks = apply_rules(output.masks, present(output.scores, config, tags), config)
    return Prediction(to_labels(masks), sigmoid(output.scores), masks, raw_masks=output.masks)


def present(scores: np.ndarray, config: InferenceConfig, tags: np.ndarray | None) -> np.ndarray:
    """Which classes may have pixels, bool [C]: by score, or, as in the paper's "§" rows, by ground-truth tags.

    Raises:
        UserError: tags are needed and there are none.
    """
    if config.classes == "scores":
        return sigmoid(scores) > config.presence_threshold
    if tags is None:
        raise UserError("its tags are not known, and inference.classes is tags: leave that out, or predict a --split")
    return tags > 0


def apply_rules(masks: np.ndarray, kept: np.ndarray, config: InferenceConfig) -> np.ndarray:
    """Adjusts masks to how frequent classes are, leaves out classes, and sets the background mask.

    Args:
        masks: float [H, W, 1+C] in [0, 1], channel 0 the background.
        kept: bool [C], the classes that may have pixels.
        config: the rules: `logit_adjustment`, `background`, `background_value`.

    Returns:
        A new array like `masks`: other classes are 0 everywhere; the background is replaced ("constant"), raised to a
        power ("power") or kept ("none").

    Raises:
        UserError: from `channel_weights`.
    """
    if config.logit_adjustment > 0:
        masks = masks * channel_weights(config, len(kept))
        masks /= masks.sum(axis=-1, keepdims=True)
    background = masks[..., :1]
    if config.background == "constant":
        background = np.full_like(background, config.background_value)
    elif config.background == "power":
        background = background**config.background_value
    return np.concatenate([background, masks[..., 1:] * kept.astype(masks.dtype)], axis=-1)


def check_adjustment(config: InferenceConfig) -> None:
    """Raises UserError if `inference.logit_adjustment` is set and the classes' log-odds are not known."""
    if config.logit_adjustment > 0 and config.class_log_odds is None:
        raise UserError(
            "inference.logit_adjustment needs inference.class_log_odds, a number for each class: a training that began "
            "with logit_adjustment has written them; else set logit_adjustment to 0"
        )


def channel_weights(config: InferenceConfig, classes: int) -> np.ndarray:
    """What `inference.logit_adjustment` multiplies masks by, before they sum to 1 again: exp of what logits gain.

    Returns:
        float32 [1 + C]; the background's is 1, and so is the geometric mean of the others.

    Raises:
        UserError: the classes' log-odds are not known, or not of so many classes.
    """
    check_adjustment(config)
    if len(config.class_log_odds) != classes:
        raise UserError(f"inference.class_log_odds has {len(config.class_log_odds)} numbers for {classes} classes")
    log_odds = np.array(config.class_log_odds)
    gained = -config.logit_adjustment * (log_odds - log_odds.mean())
    return np.exp([0.0, *gained]).astype(np.float32)


def to_labels(masks: np.ndarray) -> np.ndarray:
    """The channel with the largest value of masks [H, W, 1+C], as uint8 [H, W]; on a tie the lowest."""
    return np.argmax(masks, axis=-1).astype(np.uint8)


def thresholds_note(config: InferenceConfig) -> str:
    """What to say of a config's thresholds: the release's, or how they were chosen, or that it was not said."""
    if config.thresholds is not None:
        return _NOTES[config.thresholds]
    if _is_release(config):
        return "the release's"
    return "not the release's, and inference.thresholds does not say how they were chosen"


def _is_release(config: InferenceConfig) -> bool:
    constant = config.background == "constant" and config.background_value == InferenceConfig().background_value
    power = config.background == "power" and config.background_value == 3
    presence = config.classes == "tags" or config.presence_threshold == InferenceConfig().presence_threshold
    background = constant or power or config.background == "none"
    refined = config.logit_adjustment > 0 or config.saliency > 0 or config.grab_cut > 0 or config.photo_cues != "always"
    return background and presence and not refined and _is_release_crf(config.crf)


def _is_release_crf(crf: CRFConfig) -> bool:
    """WS-FCN's, or SSSS's, which reaches further and takes the masks as they are; or none."""
    ssss = CRFConfig(iterations=10, background_power=0, bilateral_sxy=80)
    return crf.iterations == 0 or crf in (CRFConfig(iterations=10), ssss)
