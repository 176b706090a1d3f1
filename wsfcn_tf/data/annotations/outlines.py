"""The connected regions of a mask, and their outlines along the edges of pixels, holes included.

A point (x, y) is the corner of a pixel: pixel (0, 0) reaches from (0, 0) to (1, 1), as in COCO's polygons. Tools that
draw a polygon through the middle of pixels, and fill these, too, get the same region from `rings_through_pixels`.
"""

from dataclasses import dataclass

import cv2
import numpy as np

_STEPS = np.array([(1, 0), (0, 1), (-1, 0), (0, -1)])  # x and y of a step right, down, left, up


@dataclass(frozen=True, eq=False)
class Region:
    """Pixels of a mask that are connected by their sides.

    Attributes:
        mask: bool [h, w], the pixels within the region's box.
        left, top: where the box lies.
        rings: int32 [K, 2] each, corners x, y within the box, in turns of 90 degrees: first the outline, which has the
            region on its right-hand side, then those of its holes, which have it there, too. A hole that touches
            another, or the outside, in a corner is part of it.
    """

    mask: np.ndarray
    left: int
    top: int
    rings: tuple[np.ndarray, ...]

    def within(self, height: int, width: int) -> np.ndarray:
        """The region's pixels in the whole photo: bool [height, width]."""
        pixels = np.zeros((height, width), bool)
        rows, columns = self.mask.shape
        pixels[self.top : self.top + rows, self.left : self.left + columns] = self.mask
        return pixels


def regions(mask: np.ndarray) -> list[Region]:
    """The regions of a mask, bool [H, W], from top to bottom."""
    count, component, boxes, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    found = []
    for label in range(1, count):
        left, top, width, height = (int(side) for side in boxes[label][:4])
        pixels = component[top : top + height, left : left + width] == label
        rings = sorted(_rings(pixels), key=_signed_area, reverse=True)
        found.append(Region(pixels, left, top, tuple(rings)))
    return found


def rings_through_pixels(mask: np.ndarray) -> list[np.ndarray]:
    """A region's outline and then its holes, through the middle of its outermost pixels, pixel (0, 0) being at (0, 0).

    Args:
        mask: as of `Region`.

    Returns:
        int32 [K, 2] each, x and y, K at least 3; a point may be there several times. Steps go to any of 8 neighbours.
    """
    padded = np.pad(mask, 1).astype(np.uint8)
    found, tree = cv2.findContours(padded, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE, offset=(-1, -1))
    outline_first = np.argsort(tree[0, :, 3] >= 0, kind="stable")
    return [np.resize(found[i][:, 0], (max(3, len(found[i])), 2)) for i in outline_first]


def _signed_area(ring: np.ndarray) -> float:
    """Above 0 for an outline, below for a hole."""
    x, y = ring.T.astype(np.int64)
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2


def _rings(mask: np.ndarray) -> list[np.ndarray]:
    """The closed ways along the borders of a mask, with the mask on their right-hand side."""
    height, width = mask.shape
    padded = np.pad(mask, 1)
    inside, row = padded[1:-1, 1:-1], width + 1
    starts_here = np.zeros((height + 1, row, 4), bool)  # whether a side goes from this corner in this direction
    starts_here[:-1, :-1, 0] = inside & ~padded[:-2, 1:-1]  # above a pixel, to the right
    starts_here[:-1, 1:, 1] = inside & ~padded[1:-1, 2:]
    starts_here[1:, 1:, 2] = inside & ~padded[2:, 1:-1]
    starts_here[1:, :-1, 3] = inside & ~padded[1:-1, :-2]
    starts_here = starts_here.reshape(-1, 4)
    corner, direction = np.nonzero(starts_here)
    end = corner + (_STEPS @ (1, row))[direction]
    right = (direction + 1) % 4  # where two pixels touch in a corner, turning right stays at the same one
    onwards = np.where(
        starts_here[end, right], right, np.where(starts_here[end, direction], direction, (direction + 3) % 4)
    )
    number = np.zeros(starts_here.shape, np.int64)
    number[corner, direction] = np.arange(len(corner))
    followers, turns = number[end, onwards].tolist(), (onwards != direction).tolist()
    rings, seen, ends = [], bytearray(len(followers)), end.tolist()
    for first in range(len(followers)):
        side, corners = first, []
        while not seen[side]:
            seen[side] = 1
            if turns[side]:
                corners.append(ends[side])
            side = followers[side]
        if corners:
            rings.append(np.stack(np.divmod(corners, row)[::-1], axis=1).astype(np.int32))
    return rings
