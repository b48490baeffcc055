"""Names beside points of a scatter plot, so that none covers another name or a point."""

from __future__ import annotations

from collections.abc import Sequence

PLACES = {
    "top right": (0.012, 0.012),
    "bottom right": (0.012, -0.012),
    "top left": (-0.012, 0.012),
    "bottom left": (-0.012, -0.012),
    "top center": (0.0, 0.022),
    "bottom center": (0.0, -0.022),
}
CHARACTER, LINE = 0.0135, 0.042
"""Width of a character and height of a line, as fractions of the axes' width and height."""
POINT = 0.012

Box = tuple[float, float, float, float]


def place(points: Sequence[tuple[float, float]], texts: Sequence[str]) -> list[str | None]:
    """Where each text goes, as plotly names it (`top right`, …); None where it would cover something, or is empty.

    `points` are in fractions of the axes. Earlier texts choose first.
    """
    taken: list[Box] = [(x - POINT, y - POINT, x + POINT, y + POINT) for x, y in points]
    chosen: list[str | None] = []
    for index, (point, text) in enumerate(zip(points, texts, strict=True)):
        boxes = {name: _box(point, text, name) for name in PLACES} if text else {}
        others = taken[:index] + taken[index + 1 :]
        free = [name for name, box in boxes.items() if _inside(box) and not any(_overlap(box, o) for o in others)]
        chosen.append(free[0] if free else None)
        if free:
            taken.append(boxes[free[0]])
    return chosen


def _box(point: tuple[float, float], text: str, name: str) -> Box:
    vertical, horizontal = name.split()
    shift_x, shift_y = PLACES[name]
    width = CHARACTER * len(text)
    left = {"right": 0.0, "left": -width, "center": -width / 2}[horizontal] + point[0] + shift_x
    bottom = (0.0 if vertical == "top" else -LINE) + point[1] + shift_y
    return left, bottom, left + width, bottom + LINE


def _inside(box: Box) -> bool:
    return box[0] >= 0 and box[1] >= 0 and box[2] <= 1 and box[3] <= 1


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
