"""How the page writes numbers, and the colour of a class."""

import math

from wsfcn_tf.data.masks.png import voc_palette
from wsfcn_tf.evaluation.html_report.markup import Markup, element

NOTHING = "–"


def percent(share: float, digits: int = 1) -> str:
    """A share in per cent, without the sign; a dash for NaN."""
    return NOTHING if math.isnan(share) else f"{100 * share:.{digits}f}"


def swatch(label: int) -> Markup:
    """A small square in the colour that the pictures give the class; the background's is empty."""
    colour = "transparent" if label == 0 else "#{:02x}{:02x}{:02x}".format(*voc_palette()[label].tolist())
    return element("span", class_="swatch", style=f"background:{colour}", aria_hidden="true")
