"""Pillow's brightness, contrast, saturation and hue, to the bit, in a fraction of its time and without Python's lock.

All functions change an image in place. It is given as its planes, uint8 [3,N]: red, green, blue. In loops over planes
the processor takes many pixels at a time.
"""

import numpy as np

from wsfcn_tf.data.compiled import compiled

# Type conversions are Pillow's, too: where it computes in float, a product in double may round to another level.
_F = np.float32
_I = np.int32
_HUES = 256
_TURN = 255  # of Pillow's 8-bit hue, which makes a whole turn in 255 steps although 256 values are there


def change_brightness(planes: np.ndarray, factor: float) -> None:
    """Blends with black, as `ImageEnhance.Brightness`; factor 1 changes nothing."""
    _blend_with_grey(planes, _I(0), _F(factor))


def change_contrast(planes: np.ndarray, factor: float) -> None:
    """Blends with the mean grey, as `ImageEnhance.Contrast`; factor 1 changes nothing."""
    mean = int(_sum_of_luma(*planes) / planes.shape[1] + 0.5)
    _blend_with_grey(planes, _I(mean), _F(factor))


def change_saturation(planes: np.ndarray, factor: float) -> None:
    """Blends with each pixel's grey, as `ImageEnhance.Color`; factor 1 changes nothing."""
    _blend_with_luma(*planes, _F(factor))


def shift_hue(planes: np.ndarray, turns: float) -> None:
    """Shifts the hue by a share of the colour circle, in Pillow's 8-bit HSV, as torchvision does."""
    ramp = np.roll(_RAMP, -int(turns * _TURN), axis=1)
    _shift_hue(*planes, *ramp)


def _hue_ramp() -> np.ndarray:
    """How far each channel falls from the value towards value * (1 - saturation): float32 [3,256], by hue.

    Pillow names the four cases v (0), p (1), q (the hue's fraction f within its sixth of the circle) and t (1 - f).
    """
    exact = np.arange(_HUES) * 6.0 / 255.0
    sixth = np.floor(exact)
    f = _F(exact - sixth)
    falls = {"v": 0 * f, "p": 0 * f + 1, "q": f, "t": _F(1) - f}
    ramp = np.empty((3, _HUES), np.float32)
    for number, channels in enumerate(("vtp", "qvp", "pvt", "pqv", "tpv", "vpq")):
        here = sixth % 6 == number
        for channel, fall in enumerate(channels):
            ramp[channel, here] = falls[fall][here]
    return ramp


_RAMP = _hue_ramp()


@compiled
def _luma(r: int, g: int, b: int) -> int:
    """Pillow's mode L: ITU-R 601-2 in fixed point."""
    return _I(_I(r * _I(19595) + g * _I(38470) + b * _I(7471) + _I(0x8000)) >> _I(16))


@compiled
def _level(value: float) -> int:
    return np.uint8(_I(min(max(value, _F(0)), _F(255))))


@compiled
def _blend_with_grey(planes: np.ndarray, grey: int, factor: float) -> None:
    flat = planes.reshape(-1)
    for i in range(flat.size):
        flat[i] = _level(_F(grey) + factor * _F(_I(flat[i]) - grey))


@compiled
def _sum_of_luma(red: np.ndarray, green: np.ndarray, blue: np.ndarray) -> int:
    total = 0
    for i in range(red.size):
        total += _luma(_I(red[i]), _I(green[i]), _I(blue[i]))
    return total


@compiled
def _blend_with_luma(red: np.ndarray, green: np.ndarray, blue: np.ndarray, factor: float) -> None:
    for i in range(red.size):
        r, g, b = _I(red[i]), _I(green[i]), _I(blue[i])
        grey = _luma(r, g, b)
        red[i] = _level(_F(grey) + factor * _F(r - grey))
        green[i] = _level(_F(grey) + factor * _F(g - grey))
        blue[i] = _level(_F(grey) + factor * _F(b - grey))


@compiled
def _shift_hue(
    red: np.ndarray,
    green: np.ndarray,
    blue: np.ndarray,
    red_ramp: np.ndarray,
    green_ramp: np.ndarray,
    blue_ramp: np.ndarray,
) -> None:
    """Pillow's rgb2hsv, then hsv2rgb with a ramp that is rolled by the shift. Without branches, and in four loops:
    only so does the compiler use vector instructions.
    """
    hue, saturation = np.empty(red.size, np.int32), np.empty(red.size, np.float32)
    value = np.empty(red.size, np.float32)
    for i in range(red.size):
        r, g, b = _I(red[i]), _I(green[i]), _I(blue[i])
        top = max(r, max(g, b))
        spread = _I(top - min(r, min(g, b)))
        divisor = _F(max(spread, _I(1)))
        rc, gc, bc = _F(top - r) / divisor, _F(top - g) / divisor, _F(top - b) / divisor
        sixths = _F(bc - gc)
        sixths = _F(2.0 + rc - bc) if (g == top) & (r != top) else sixths
        sixths = _F(4.0 + gc - rc) if (g != top) & (r != top) else sixths
        turns = sixths / 6.0 + 1.0
        hue[i] = _I(_F(turns - (1.0 if turns >= 1.0 else 0.0)) * 255.0)
        saturation[i] = _F(_I(_F(spread) / _F(max(top, _I(1))) * 255.0) / 255.0)
        value[i] = _F(top)
    for plane, ramp in ((red, red_ramp), (green, green_ramp), (blue, blue_ramp)):
        for i in range(plane.size):
            plane[i] = _level(value[i] * (_F(1) - saturation[i] * ramp[hue[i]]) + _F(0.5))
