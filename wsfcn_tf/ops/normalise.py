"""ImageNet's normalisation of RGB images, for TensorFlow tensors and NumPy arrays alike."""

from typing import TypeVar

import numpy as np

Images = TypeVar("Images")

IMAGENET_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
IMAGENET_STD = np.array([0.229, 0.224, 0.225], np.float32)
_CAFFE_RGB_MEAN = np.array([123.68, 116.779, 103.939], np.float32)


def normalise(images: Images) -> Images:
    """RGB float32 [...,3] in [0, 1] -> what the model takes: zero mean and unit variance over ImageNet."""
    return (images - IMAGENET_MEAN) / IMAGENET_STD


def denormalise(images: Images) -> Images:
    """The inverse of `normalise`: float32 [...,3] -> RGB in [0, 1], up to rounding."""
    return images * IMAGENET_STD + IMAGENET_MEAN


def to_caffe(images: Images) -> Images:
    """What `normalise` gives -> what VGG's and ResNet's weights in `keras.applications` want.

    Args:
        images: float32 [..., 3], normalised RGB.

    Returns:
        float32 [..., 3]: BGR in [0, 255], less ImageNet's mean of each channel.
    """
    return (255.0 * denormalise(images) - _CAFFE_RGB_MEAN)[..., ::-1]


def to_half_range(images: Images) -> Images:
    """What `normalise` gives -> what EfficientNet-Lite's weights want: (x - 127) / 128 for x in [0, 255].

    Args:
        images: float32 [..., 3], normalised RGB.

    Returns:
        float32 [..., 3], RGB.
    """
    return (255.0 * denormalise(images) - 127.0) / 128.0
