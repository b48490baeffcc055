"""Names beside points of a scatter plot, so that none covers another name, a point or an error bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

PLACES = {
    "top right": (0.014, 0.008),
    "bottom right": (0.014, -0.008),
    "top left": (-0.014, 0.008),
    "bottom left": (-0.014, -0.008),
    "top center": (0.0, 0.025),
    "bottom center": (0.0, -0.025),
}
"""How far a name stands off, as fractions of the axes' width and height."""
CHARACTER, LINE = 0.0142, 0.042
"""Width of a character and height of a line, in the same."""
POINT, BAR = 0.012, 0.003
"""Half the width of a marker and of an error bar."""

Box = tuple[float, float, float, float]


class Spot(NamedTuple):
    """A point with its error bar and name, in fractions of the axes."""

    x: float
    y: float
    low: float
    high: float
    text: str


def place(spots: Sequence[Spot]) -> list[str | None]:
    """Where each name goes, as plotly says it (`top right`, …); None where it would cover something.

    Earlier spots choose first.
    """
    taken: list[Box] = []
    for spot in spots:
        taken.append((spot.x - POINT, spot.y - POINT, spot.x + POINT, spot.y + POINT))
        taken.append((spot.x - BAR, spot.low, spot.x + BAR, spot.high))
    chosen: list[str | None] = []
    for spot in spots:
        boxes = {name: _box(spot, name) for name in PLACES}
        free = [name for name, box in boxes.items() if _inside(box) and not any(_overlap(box, o) for o in taken)]
        chosen.append(free[0] if free else None)
        if free:
            taken.append(boxes[free[0]])
    return chosen


def _box(spot: Spot, name: str) -> Box:
    vertical, horizontal = name.split()
    shift_x, shift_y = PLACES[name]
    width = CHARACTER * len(spot.text)
    left = {"right": 0.0, "left": -width, "center": -width / 2}[horizontal] + spot.x + shift_x
    bottom = (0.0 if vertical == "top" else -LINE) + spot.y + shift_y
    return left, bottom, left + width, bottom + LINE


def _inside(box: Box) -> bool:
    return box[0] >= 0 and box[1] >= 0 and box[2] <= 1 and box[3] <= 1


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
