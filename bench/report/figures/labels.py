"""Names beside points of a scatter plot, so that none covers another name, a point or a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

CHARACTER, LINE = 0.0142, 0.045
"""Width of a character and height of a line, as fractions of the axes' width and height."""
POINT, BAR = 0.013, 0.003
"""Half the width of a marker and of a line, in the same."""
WIDTH, HEIGHT = 430, 300
"""Pixels of the smallest axes that names are placed for."""

Box = tuple[float, float, float, float]
"""Left, bottom, right, top."""


class Spot(NamedTuple):
    """A point with its error bar and name, in fractions of the axes."""

    x: float
    y: float
    low: float
    high: float
    text: str


class Place(NamedTuple):
    """Where a name starts, off its point, in fractions of the axes; it runs away from the point."""

    dx: float
    dy: float

    @property
    def far(self) -> bool:
        """Whether it needs a line to its point."""
        return abs(self.dy) > 0.02

    @property
    def horizontal(self) -> str:
        """Which end of the name is at the place."""
        return "left" if self.dx > 0 else "right"

    @property
    def vertical(self) -> str:
        """Which side of the name is at the place."""
        return "bottom" if self.dy > 0 else "top"


PLACES = tuple(
    Place(side * dx, up * dy)
    for dx, dy in ((0.015, 0.006), (0.03, 0.06), (0.03, 0.11), (0.06, 0.16), (0.09, 0.22), (0.12, 0.28))
    for up in (1, -1)
    for side in (1, -1)
)


def place(spots: Sequence[Spot], others: Sequence[Spot] = (), lines: Sequence[Box] = ()) -> list[Place | None]:
    """A place for the name of each of `spots`, None where it would cover something. Earlier ones choose first.

    `others` are points that get no name, `lines` horizontal or vertical ones; names cover neither.
    """
    taken = [(left - BAR, bottom - BAR, right + BAR, top + BAR) for left, bottom, right, top in lines]
    for spot in (*spots, *others):
        taken.append((spot.x - POINT, spot.y - POINT, spot.x + POINT, spot.y + POINT))
        taken.append((spot.x - BAR, spot.low, spot.x + BAR, spot.high))
    chosen: list[Place | None] = []
    for spot in spots:
        free = next((candidate for candidate in PLACES if _free(spot, candidate, taken)), None)
        chosen.append(free)
        if free:
            taken += [_box(spot, free), *_leader(spot, free)]
    return chosen


def _free(spot: Spot, candidate: Place, taken: Sequence[Box]) -> bool:
    box = _box(spot, candidate)
    if box[0] < 0 or box[1] < 0 or box[2] > 1 or box[3] > 1:
        return False
    parts = [box, *_leader(spot, candidate)]
    return not any(_overlap(part, other) for part in parts for other in taken)


def _leader(spot: Spot, candidate: Place) -> list[Box]:
    """Small boxes along the line from a far name to its point, its near half left free; none for a near name."""
    steps = (0.6, 0.7, 0.8, 0.9, 1.0) if candidate.far else ()
    middles = [(spot.x + step * candidate.dx, spot.y + step * candidate.dy) for step in steps]
    return [(x - BAR, y - BAR, x + BAR, y + BAR) for x, y in middles]


def _box(spot: Spot, candidate: Place) -> Box:
    width = CHARACTER * len(spot.text)
    left = spot.x + candidate.dx - (0 if candidate.dx > 0 else width)
    bottom = spot.y + candidate.dy - (0 if candidate.dy > 0 else LINE)
    return left, bottom, left + width, bottom + LINE


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
