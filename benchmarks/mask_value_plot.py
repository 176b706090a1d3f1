"""Curves of mIoU over the share of photos with masks, as an SVG."""

from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from statistics import mean

_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _BOTTOM = 720, 420, 60, 20, 250, 50
_COLOURS = ("#1b6ca8", "#c0392b", "#27824a", "#8e44ad", "#b8860b", "#555555")


def plot(curves: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """The picture.

    Args:
        curves: {name: pairs of share and mIoU, both in per cent}; pairs of one share are other seeds. A curve of one
            share is a dashed line: its supervision is of another kind.
    """
    values = [value for pairs in curves.values() for _, value in pairs] or [0]
    low, high = 5 * (min(values) // 5), 5 * (max(values) // 5 + 1)

    def x(share: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * share / 100

    def y(value: float) -> float:
        return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * (value - low) / (high - low)

    parts = [_text(x(share), _HEIGHT - 28, f"{share} %", "middle") for share in (0, 25, 50, 100)]
    parts += [_text(_LEFT - 8, y(value) + 4, f"{value:g}", "end") for value in range(int(low), int(high) + 1, 5)]
    parts += [_line([(x(0), y(value)), (x(100), y(value))], "#dddddd") for value in range(int(low), int(high) + 1, 5)]
    parts.append(_text(x(50), _HEIGHT - 8, "training photos with masks", "middle"))
    parts.append(_text(14, _TOP - 6, "mIoU on val, %"))
    for index, (name, pairs) in enumerate(curves.items()):
        colour = _COLOURS[index % len(_COLOURS)]
        shares = [(share, [v for _, v in some]) for share, some in groupby(sorted(pairs), lambda pair: pair[0])]
        middle = [(x(share), y(mean(some))) for share, some in shares]
        if len(middle) == 1:
            parts.append(_line([(x(0), middle[0][1]), (x(100), middle[0][1])], colour, ' stroke-dasharray="6 4"'))
        else:
            parts.append(_line(middle, colour))
            parts += [f'<circle cx="{x(s):.1f}" cy="{y(v):.1f}" r="3" fill="{colour}"/>' for s, v in pairs]
        parts.append(_text(_WIDTH - _RIGHT + 16, _TOP + 20 * (index + 1), name, colour=colour))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif"'
    return "\n".join([f'{head} font-size="12">', '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>\n"])


def _text(x: float, y: float, words: str, anchor: str = "start", colour: str = "#222222") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(words)}</text>'


def _line(points: Sequence[tuple[float, float]], colour: str, more: str = "") -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{more}/>'
