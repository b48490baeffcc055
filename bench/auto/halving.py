"""Successive halving (Jamieson and Talwalkar, AISTATS 2016): many models on few rows, the best of them on more.

Optuna's pruners stop single trainings by their epochs; here families are raced that have none, or whose epochs are not
alike, and a clock decides as well. Rows are what all of them can be given more of.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from bench.auto.trainer import Entrant

REDUCTION = 3
"""A third of the models goes on, to three times the rows."""
LEAST_ROWS = 1_500
"""Of the first rung: on fewer, what is trained from scratch has no chance to show anything."""
LEAST_MODELS = 2
"""That go on."""


def rungs(rows: int, smoke: bool) -> list[int]:
    """Training rows of each rung, the last one all of them; a rehearsal has two."""
    least = rows // REDUCTION if smoke else LEAST_ROWS
    sizes = [rows]
    while sizes[0] // REDUCTION >= max(least, 1):
        sizes.insert(0, sizes[0] // REDUCTION)
    return sizes


def survivors(
    ended: Sequence[Entrant], models: int, rung: int, score: Callable[[Entrant], float], fits: Callable[[Entrant], bool]
) -> list[Entrant]:
    """Those that go on from the rung of that number, from 0, the best first, where `models` have begun.

    The best of those that keep to the bounds goes on, too, though others score more: what cannot be shipped may win
    on score alone.
    """
    ordered = sorted(ended, key=score, reverse=True)
    kept = ordered[: max(LEAST_MODELS, math.ceil(models / REDUCTION ** (rung + 1)))]
    if not any(map(fits, kept)):
        kept += [each for each in ordered if fits(each)][:1]
    return kept
