"""What a photo alone, with nothing learnt, says of things and background: saliency, and GrabCut by OpenCV."""

from dataclasses import replace

import cv2
import numpy as np

from wsfcn_tf.config import InferenceConfig
from wsfcn_tf.inference.prediction import Prediction
from wsfcn_tf.inference.rules import to_labels

_SURE_THING, _SURE_BACKGROUND = 0.8, 0.02  # shares of a thing beyond which a pixel keeps its side
_SHOWN = 0.01  # share of a photo above which a class counts as shown
_FEWEST = 20  # sure pixels of either side, from which its colours can be learnt


def with_photo_cues(image: np.ndarray, prediction: Prediction, config: InferenceConfig) -> Prediction:
    """A prediction by the rules, its masks and labels changed by `inference.saliency` and `inference.grab_cut`.

    Args:
        image: uint8 RGB [H, W, 3].
        prediction: what the rules gave.
        config: for which photos (`photo_cues`), and how much.
    """
    if not uses_photo_cues(config):
        return prediction  # to the CRF, whatever it shows
    if config.photo_cues == "one_class":
        if classes_shown(prediction) > 1:
            return prediction
        prediction = replace(prediction, without_crf=True)
    masks = prediction.masks
    if config.saliency > 0:
        from wsfcn_tf.data.photos.saliency import saliency  # Numba, for which no other photo needs to wait
        from wsfcn_tf.ops import with_saliency  # TensorFlow, for which no process of a CRF needs to wait

        masks = with_saliency(masks, saliency(image)[..., None], config.saliency).numpy()
    if config.grab_cut > 0:
        masks = grab_cut(image, masks, config.grab_cut, config.grab_cut_margin)
    return replace(prediction, masks=masks, labels=to_labels(masks))


def uses_photo_cues(config: InferenceConfig) -> bool:
    """Whether `with_photo_cues` changes anything of some photo's prediction."""
    return config.saliency > 0 or config.grab_cut > 0


def decided_by_tags(config: InferenceConfig, tags: np.ndarray) -> InferenceConfig:
    """What `inference.photo_cues: tags` comes to for training photos with tags [N, C] in {0, 1}.

    Where photos show several classes each, a photo whose masks show one often shows others that were not found.
    """
    of_one_tag, of_several = by_tags(config)
    return of_one_tag if mostly_one_tag(tags) else of_several


def mostly_one_tag(tags: np.ndarray) -> bool:
    """Whether at least half of the photos that have some of the tags [N, C] in {0, 1} have one; True if none has."""
    count = tags.sum(axis=1)
    return bool(2 * np.sum(count == 1) >= np.sum(count > 0))


def by_tags(config: InferenceConfig) -> tuple[InferenceConfig, InferenceConfig]:
    """What `inference.photo_cues: tags` can come to: for photos of one tag each, and of several."""
    return replace(config, photo_cues="one_class"), replace(config, photo_cues="always", saliency=0, grab_cut=0)


def classes_shown(prediction: Prediction) -> int:
    """How many classes have more than a hundredth of the photo; the background is none."""
    sizes = np.bincount(prediction.labels.ravel(), minlength=prediction.masks.shape[-1])[1:]
    return int((sizes > _SHOWN * prediction.labels.size).sum())


def grab_cut(image: np.ndarray, masks: np.ndarray, iterations: int, margin: float = 0.0) -> np.ndarray:
    """Decides anew which pixels are background (GrabCut, Rother et al., SIGGRAPH 2004).

    The colours of what is surely a thing and surely background become mixtures of Gaussians, and a minimum cut puts the
    border where colours change. Half of how much a pixel is a thing comes from the cut, half stays the masks': a CRF
    behind it still knows where they were sure. Which of the classes a pixel is stays as the masks have it.

    Args:
        image: uint8 RGB [H, W, 3].
        masks: float32 [H, W, 1 + C], at least 0; channel 0 is the background.
        iterations: of colours and cut in turn, at least 1.
        margin: how far from what was cut out a pixel counts as in it, in pixels, at least 0; what no mask calls a thing
            at all stays background.

    Returns:
        float32 [H, W, 1 + C], which add up to 1; the masks as they were, where too little of the photo is surely a
        thing or surely background.
    """
    background, things = masks[..., 0], masks[..., 1:]
    total = things.sum(axis=-1)
    share = np.divide(total, total + background, out=np.zeros_like(total), where=total > 0)
    guess = np.where(share > 0.5, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    sure_thing, sure_background = share > _SURE_THING, share < _SURE_BACKGROUND
    if min(sure_thing.sum(), sure_background.sum()) < _FEWEST:
        return masks
    guess[sure_thing], guess[sure_background] = cv2.GC_FGD, cv2.GC_BGD
    cv2.setRNGSeed(0)  # the mixtures start from random pixels
    models = np.zeros((2, 1, 65))
    cv2.grabCut(image[..., ::-1].copy(), guess, None, *models, iterations, cv2.GC_INIT_WITH_MASK)
    outside = (guess == cv2.GC_BGD) | (guess == cv2.GC_PR_BGD)
    distance = cv2.distanceTransform(outside.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    inside = (distance <= margin) & (total > 0)
    share = ((share + inside) / 2).astype(masks.dtype)
    things = np.divide(
        things * share[..., None], total[..., None], out=np.zeros_like(things), where=total[..., None] > 0
    )
    return np.concatenate([1 - share[..., None], things], axis=-1)
