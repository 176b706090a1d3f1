"""From the network's masks to labels: which classes stay, and what the background has to be beaten with (release)."""

import numpy as np

from wsfcn_tf.config import InferenceConfig


def sigmoid(scores: np.ndarray) -> np.ndarray:
    """The logistic function, without overflow at either end; keeps shape and floating dtype."""
    return np.exp(-np.logaddexp(0, -scores))


def apply_rules(masks: np.ndarray, scores: np.ndarray, config: InferenceConfig) -> np.ndarray:
    """Leaves out the classes that the scores say are absent, and sets the background mask.

    Args:
        masks: float [H, W, 1+C] in [0, 1], channel 0 the background.
        scores: float [C], before the sigmoid.
        config: the rules: `background`, `background_value`, `presence_threshold`.

    Returns:
        A new array like `masks`: absent classes are 0 everywhere; the background is replaced ("constant"), raised to a
        power ("power") or kept ("none").
    """
    present = sigmoid(scores) > config.presence_threshold
    background = masks[..., :1]
    if config.background == "constant":
        background = np.full_like(background, config.background_value)
    elif config.background == "power":
        background = background**config.background_value
    return np.concatenate([background, masks[..., 1:] * present.astype(masks.dtype)], axis=-1)


def to_labels(masks: np.ndarray) -> np.ndarray:
    """The channel with the largest value of masks [H, W, 1+C], as uint8 [H, W]; on a tie the lowest."""
    return np.argmax(masks, axis=-1).astype(np.uint8)
