"""The colours and markers of every figure and of the report's page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol


class Symbol(NamedTuple):
    """A marker or a dash, by its names in both libraries that draw."""

    matplotlib: str
    plotly: str


class Look(NamedTuple):
    """The colour and the marker of one kind of point."""

    colour: str
    marker: Symbol


COLOURS = ("#0173b2", "#de8f05", "#029e73", "#d55e00", "#cc78bc", "#ca9161", "#56b4e9", "#949494")
"""Seaborn's colour-blind palette without the two tones that vanish on white: one a recipe."""
BLUE, ORANGE, GREEN, VERMILION, PURPLE, BROWN, SKY, GREY = COLOURS
MARKERS = tuple(
    Symbol(*names)
    for names in (("o", "circle"), ("s", "square"), ("D", "diamond"), ("^", "triangle-up"), ("v", "triangle-down"))
)
"""One a track."""
DASHES = (Symbol("-", "solid"), Symbol("--", "dash"), Symbol(":", "dot"), Symbol("-.", "dashdot"))
"""One a seed."""

BEST, PALE = GREEN, "#c9d7e3"
"""Of the best trial of a search, and of the lowest value of a scale that ends in blue."""
SPLITS = {"all": BLUE, "train": BLUE, "validation": ORANGE, "test": VERMILION}
"""Of the splits of a data set."""
TRIALS = {
    "complete": Look(BLUE, Symbol("o", "circle")),
    "pruned": Look(ORANGE, Symbol("x", "x")),
    "failed": Look(VERMILION, Symbol("v", "triangle-down")),
    "running": Look(GREY, Symbol(".", "circle-open")),
}
"""Of the trials of a search, by their state."""

LIGHT = {
    "bg": "#f7f8fa", "card": "#ffffff", "ink": "#1c2330", "muted": "#596273", "line": "#e1e6ed", "head": "#f1f4f8",
    "accent": "#01619a", "band": "rgba(1, 115, 178, .08)", "good": "#0b6e4f", "bad": "#b3261e", "warn": "#7a5200",
    "warn-bg": "#fdf3dc",
}  # fmt: skip
"""The page's theme by the names of its CSS variables; PNG files are drawn in it as well."""
DARK = {
    "bg": "#0f1318", "card": "#171c24", "ink": "#e4e8ee", "muted": "#9ba7b7", "line": "#2b3440", "head": "#1d242e",
    "accent": "#6fc3f2", "band": "rgba(86, 180, 233, .12)", "good": "#5fd0a0", "bad": "#ff9489", "warn": "#f0c462",
    "warn-bg": "#33290f",
}  # fmt: skip
INK, MUTED, GRID = LIGHT["ink"], LIGHT["muted"], LIGHT["line"]


def css_variables() -> str:
    """Both themes as CSS: `var(--ink)` is dark on a light page, and light on a dark one."""

    def declared(theme: Mapping[str, str]) -> str:
        return " ".join(f"--{name}: {value};" for name, value in theme.items())

    light = f":root {{ color-scheme: light dark; {declared(LIGHT)} }}"
    return f"{light}\n@media (prefers-color-scheme: dark) {{ :root {{ {declared(DARK)} }} }}\n"


def translucent(colour: str, opacity: float) -> str:
    """`#0173b2` as `rgba(1,115,178,0.04)`."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return f"rgba({red},{green},{blue},{opacity:g})"


class Drawn(Protocol):
    """What has a colour and a marker: a leaderboard line."""

    @property
    def track(self) -> str:
        """The package of its recipe."""
        ...

    @property
    def recipe(self) -> str:
        """The name of its recipe."""
        ...


@dataclass(frozen=True)
class Palette:
    """The same colour for a recipe and the same marker for a track, wherever they are drawn."""

    recipes: tuple[tuple[str, str], ...]
    """(track, recipe), sorted."""

    @classmethod
    def of(cls, lines: Iterable[Drawn]) -> Palette:
        """For all recipes of a report."""
        return cls(tuple(sorted({(line.track, line.recipe) for line in lines})))

    @cached_property
    def _tracks(self) -> list[str]:
        return sorted({track for track, _ in self.recipes})

    def colour(self, line: Drawn) -> str:
        """As `#rrggbb`."""
        return COLOURS[self.recipes.index((line.track, line.recipe)) % len(COLOURS)]

    def marker(self, line: Drawn) -> Symbol:
        """Of its track."""
        return MARKERS[self._tracks.index(line.track) % len(MARKERS)]
