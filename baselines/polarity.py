"""Which order labels have from negative to positive, by their names alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bench.api import BenchError

SIGNS = {
    "negative": -1.0, "neg": -1.0, "bad": -1.0, "neutral": 0.0, "neu": 0.0,
    "positive": 1.0, "pos": 1.0, "good": 1.0,
}  # fmt: skip
STRENGTHS = {
    "extremely": 2.0, "very": 2.0, "strongly": 2.0, "highly": 2.0,
    "slightly": 0.5, "somewhat": 0.5, "weakly": 0.5, "mildly": 0.5, "rather": 0.5,
}  # fmt: skip
_NUMBER = re.compile(r"([-+]?\d+(?:\.\d+)?)(?: ?stars?)?", re.IGNORECASE)


def polarity_order(label_names: Sequence[str]) -> list[int]:
    """The labels by number, the most negative first: of `very negative` to `very positive`, or of rising numbers.

    Raises `BenchError` for labels that are no steps from bad to good.
    """
    steps = [*map(_number if is_numbers(label_names) else _step, label_names)]
    known = [step for step in steps if step is not None]
    if len(known) < len(steps) or len(set(known)) < len(steps) or len(steps) < 2:
        raise BenchError(
            f"the labels {', '.join(label_names)} have no order from negative to positive: a lexicon cannot tell them "
            "apart; name them like negative, neutral, very positive, or by rising numbers"
        )
    return sorted(range(len(known)), key=known.__getitem__)


def is_numbers(label_names: Sequence[str]) -> bool:
    """Whether the order is that of numbers, whose meaning nobody has said."""
    return all(_number(name) is not None for name in label_names)


def _number(name: str) -> float | None:
    """Of `3`, `-1` or `4 stars`."""
    found = _NUMBER.fullmatch(name.strip())
    return float(found[1]) if found else None


def _step(name: str) -> float | None:
    """Where a label stands; None for one that says nothing of sentiment."""
    *before, last = re.split(r"[\W_]+", name.strip().lower())
    if last not in SIGNS or len(before) > 1 or not set(before) <= STRENGTHS.keys():
        return None
    return SIGNS[last] * (STRENGTHS[before[0]] if before else 1.0)
