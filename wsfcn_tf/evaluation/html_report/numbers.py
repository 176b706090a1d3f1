"""How the page writes numbers, and the colour of a class."""

import math

from wsfcn_tf.data.masks.png import voc_palette

NOTHING = "–"


def percent(share: float, digits: int = 1) -> str:
    """A share in per cent, without the sign; a dash for NaN."""
    return NOTHING if math.isnan(share) else f"{100 * share:.{digits}f}"


def fixed(value: float, digits: int, otherwise: str = "") -> str:
    """A number for scripts and styles; `otherwise` for NaN."""
    return otherwise if math.isnan(value) else f"{value:.{digits}f}"


def colour(label: int) -> str:
    """CSS for what the pictures give a class; none for the background."""
    return "transparent" if label == 0 else "#{:02x}{:02x}{:02x}".format(*voc_palette()[label].tolist())
