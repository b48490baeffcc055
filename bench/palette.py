"""The colours and markers of every figure and of the report's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Look(NamedTuple):
    """The colour and the marker of one kind of point."""

    colour: str
    marker: str
    """By its name in matplotlib."""


COLOURS = ("#0173b2", "#de8f05", "#029e73", "#d55e00", "#cc78bc", "#ca9161", "#56b4e9", "#949494")
"""Seaborn's colour-blind palette without the two tones that vanish on white."""
BLUE, ORANGE, GREEN, VERMILION, PURPLE, BROWN, SKY, GREY = COLOURS
FAMILY_LOOKS: Mapping[str, Look] = {
    "transformer": Look(BLUE, "o"), "recurrent": Look(ORANGE, "s"), "static": Look(GREEN, "D"),
    "dense": Look(VERMILION, "^"), "linear": Look(PURPLE, "v"), "ensemble": Look(BROWN, "p"),
    "constant": Look(GREY, "X"), "other": Look(SKY, "P"),
}  # fmt: skip
"""One a family of models, in every report and for ever; no two share a colour or a marker."""
FAMILY_NAMES: Mapping[str, str] = {
    "transformer": "Transformers", "recurrent": "LSTMs", "static": "Static look-ups", "dense": "Dense networks",
    "linear": "Linear models", "ensemble": "Ensembles", "constant": "Constant", "other": "Other recipes",
}  # fmt: skip
SPLITS = {"all": BLUE, "train": BLUE, "validation": ORANGE, "test": VERMILION}
"""Of the splits of a data set."""
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
    dark = f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {declared(DARK)} }} }}"
    return f"{light}\n{dark}\n"


def translucent(colour: str, opacity: float) -> str:
    """`#0173b2` as `rgba(1,115,178,0.04)`."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return f"rgba({red},{green},{blue},{opacity:g})"
