"""Dense CRF (Krähenbühl and Koltun, arXiv 1210.5644) on the masks of one photo, by pydensecrf."""

from dataclasses import replace
from importlib import import_module
from types import ModuleType

import numpy as np

from wsfcn_tf.config import CRFConfig
from wsfcn_tf.errors import UserError
from wsfcn_tf.inference.prediction import Prediction
from wsfcn_tf.inference.rules import to_labels

_LEAST = 1e-5  # probability of what a mask says is impossible


def refine(image: np.ndarray, prediction: Prediction, config: CRFConfig) -> Prediction:
    """A prediction by the rules, refined: its masks and labels are the CRF's, and `unrefined` its labels until now.

    Args:
        image: uint8 RGB [H, W, 3].
        prediction: what the rules gave; returned as it is if it is to stay `without_crf`.
        config: the CRF, and which background it starts from.
    """
    if prediction.without_crf:
        return prediction
    channels, masks = to_refine(prediction, config)
    return refined(prediction, channels, dense_crf(image, masks, config))


def to_refine(prediction: Prediction, config: CRFConfig) -> tuple[np.ndarray, np.ndarray]:
    """What `dense_crf` gets of a prediction.

    Returns:
        channels: int [K], the background and the classes that may have pixels.
        masks: float32 [H, W, K], theirs; the background by `background_power`.
    """
    channels = np.flatnonzero(prediction.masks.any(axis=(0, 1)) | (np.arange(prediction.masks.shape[-1]) == 0))
    masks = prediction.masks[..., channels]  # a copy
    if config.background_power > 0:
        masks[..., 0] = (1.0 - masks[..., 1:].max(axis=-1, initial=0.0)) ** config.background_power
    return channels, masks


def refined(prediction: Prediction, channels: np.ndarray, masks: np.ndarray) -> Prediction:
    """A prediction with what `dense_crf` made of `to_refine`."""
    every = np.zeros_like(prediction.masks)
    every[..., channels] = masks
    return replace(prediction, masks=every, labels=to_labels(every), unrefined=prediction.labels)


def dense_crf(image: np.ndarray, masks: np.ndarray, config: CRFConfig) -> np.ndarray:
    """Moves mask borders to image borders, by mean-field iterations.

    Args:
        image: uint8 RGB [H, W, 3].
        masks: float [H, W, 1 + C] in [0, 1]; a pixel's need not sum to 1. Classes that are 0 everywhere stay 0;
            if all are, everything is background.
        config: iterations and the two kernels.

    Returns:
        float32 [H, W, 1 + C], summing to 1 over the last axis.
    """
    height, width, labels = masks.shape
    present = np.flatnonzero(masks.max(axis=(0, 1)) > 0)
    refined = np.zeros((height, width, labels), np.float32)
    if len(present) < 2:  # nothing to decide; pydensecrf wants two labels
        refined[..., present if len(present) else 0] = 1.0
        return refined
    model = _library().DenseCRF2D(width, height, len(present))
    probabilities = np.clip(masks[..., present], _LEAST, 1.0).astype(np.float32)
    model.setUnaryEnergy(np.ascontiguousarray(-np.log(probabilities).reshape(-1, len(present)).T))
    model.addPairwiseGaussian(sxy=config.gaussian_sxy, compat=config.gaussian_compat)
    model.addPairwiseBilateral(
        sxy=config.bilateral_sxy,
        srgb=config.bilateral_srgb,
        rgbim=np.array(image, order="C"),  # a copy: pydensecrf refuses what is read-only
        compat=config.bilateral_compat,
    )
    inferred = np.asarray(model.inference(config.iterations), np.float32)
    refined[..., present] = inferred.T.reshape(height, width, len(present))
    return refined


def _library() -> ModuleType:
    """`pydensecrf.densecrf`, which compiles as it installs: whoever uses no CRF does without."""
    try:
        return import_module("pydensecrf.densecrf")
    except ImportError as error:
        raise UserError(
            "the dense CRF needs pydensecrf2, which is not installed: pip install pydensecrf2 (with a C++ compiler), "
            "or set inference.crf.iterations=0"
        ) from error
