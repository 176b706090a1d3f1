"""Contact sheets: pictures in rows and columns, with titles and a legend. uint8 RGB throughout."""

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from wsfcn_tf.data.masks.png import voc_palette

_WHITE, _INK = (255, 255, 255), (32, 32, 32)
_MARGIN, _GAP = 16, 8
_TITLE_SIZES = range(20, 8, -1)
_LEGEND_SIZE = 15
_SMALL_SIDE = 160


def side_by_side(columns: dict[str, Sequence[np.ndarray]], class_names: Sequence[str]) -> np.ndarray:
    """A panel with a title per column; small pictures are shown at twice their size.

    Args:
        columns: {title: pictures uint8 [H, W, 3]}, all of the same length.
        class_names: of the foreground, for the legend.

    Returns:
        uint8 RGB [H, W, 3].
    """
    rows = list(zip(*columns.values(), strict=True))
    scale = 2 if max(max(picture.shape[:2]) for row in rows for picture in row) < _SMALL_SIDE else 1
    return panel(rows, list(columns), scale=scale, class_names=class_names)


def panel(
    rows: Sequence[Sequence[np.ndarray]], titles: Sequence[str], *, scale: int = 1, class_names: Sequence[str] = ()
) -> np.ndarray:
    """A contact sheet on white.

    Args:
        rows: pictures [h, w, 3]; sizes may differ, each is centred in its cell.
        titles: one per column.
        scale: whole factor by which pictures are enlarged, pixel by pixel.
        class_names: of the foreground; if given, a legend stands below.
    """
    cells = [[picture.repeat(scale, axis=0).repeat(scale, axis=1) for picture in row] for row in rows]
    widths = [max(picture.shape[1] for picture in column) for column in zip(*cells, strict=True)]
    header = _header(titles, widths)
    body = [header, *(_beside(row, widths) for row in cells)]
    if class_names:
        body.append(legend(class_names, header.shape[1]))
    return cv2.copyMakeBorder(_below(body), *[_MARGIN] * 4, cv2.BORDER_CONSTANT, value=_WHITE)


def legend(class_names: Sequence[str], width: int) -> np.ndarray:
    """A swatch and a name per foreground class, in lines of `width` pixels; [h, width, 3]."""
    font = ImageFont.load_default(_LEGEND_SIZE)
    swatch, line = _LEGEND_SIZE, 2 * _LEGEND_SIZE
    x, y, entries = 0, 0, []
    for label, name in enumerate(class_names, start=1):
        entry = swatch + 6 + round(font.getlength(name))
        if x > 0 and x + entry > width:
            x, y = 0, y + line
        entries.append((x, y, label, name))
        x += entry + 20
    picture = Image.new("RGB", (width, y + line), _WHITE)
    draw = ImageDraw.Draw(picture)
    for x, y, label, name in entries:
        draw.rounded_rectangle(
            (x, y + 8, x + swatch, y + 8 + swatch), radius=3, fill=tuple(voc_palette()[label].tolist())
        )
        draw.text((x + swatch + 6, y + 8 + swatch / 2), name, _INK, font, anchor="lm")
    return np.asarray(picture)


def _header(titles: Sequence[str], widths: Sequence[int]) -> np.ndarray:
    """The titles, each centred over its column, in the largest size in which all of them fit."""
    fonts = [ImageFont.load_default(size) for size in _TITLE_SIZES]
    fits = (font for font in fonts if all(font.getlength(t) <= width for t, width in zip(titles, widths, strict=True)))
    font = next(fits, fonts[-1])
    picture = Image.new("RGB", (sum(widths) + _GAP * (len(widths) - 1), round(1.6 * font.size)), _WHITE)
    draw = ImageDraw.Draw(picture)
    left = 0
    for title, width in zip(titles, widths, strict=True):
        draw.text((left + width / 2, picture.height / 2), title, _INK, font, anchor="mm")
        left += width + _GAP
    return np.asarray(picture)


def _beside(pictures: Sequence[np.ndarray], widths: Sequence[int]) -> np.ndarray:
    """One row: each picture in the middle of its cell."""
    height = max(picture.shape[0] for picture in pictures)
    cells = [_centred(picture, height, width) for picture, width in zip(pictures, widths, strict=True)]
    gap = np.full((height, _GAP, 3), 255, np.uint8)
    return np.concatenate([part for cell in cells for part in (gap, cell)][1:], axis=1)


def _below(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """Pictures of one width under each other."""
    gap = np.full((_GAP, pictures[0].shape[1], 3), 255, np.uint8)
    return np.concatenate([part for picture in pictures for part in (gap, picture)][1:], axis=0)


def _centred(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    cell = np.full((height, width, 3), 255, np.uint8)
    top, left = (height - picture.shape[0]) // 2, (width - picture.shape[1]) // 2
    cell[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return cell
