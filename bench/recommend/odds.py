"""How likely a model is the best inside the bounds, and that no other is better in everything: a joint bootstrap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.metrics import METRICS, Metric
from bench.recommend.budget import Quantity, is_least
from bench.recommend.candidates import Candidate, Field
from bench.stats.contributions import Floats
from bench.stats.resampling import DRAWS, share_of_best, undominated

SHOWN: tuple[Quantity, ...] = ("latency", "size")
"""Costs that the Pareto front always has, beside the score and what is bounded."""


@dataclass(frozen=True)
class Odds:
    """Shares of the draws of other texts, trainings and rounds; on test."""

    within: float
    """In which it keeps to all bounds."""
    best: float
    """In which its score is the highest of all that keep to the bounds; equals share a draw."""
    front: float
    """In which none is better in something and worse in nothing."""
    axes: tuple[Quantity, ...]
    """Costs of that front, beside the score."""
    models: int
    """That were drawn, itself included: those with stored predictions of the same test texts."""
    draws: int = DRAWS


def odds(found: Field, pick: Candidate) -> Odds | None:
    """None where its test predictions are not stored."""
    rivals = [c for c in found.candidates if found.test.subject(c.line)]
    if pick not in rivals:
        return None
    index = rivals.index(pick)
    scores = {metric: _scores(found, rivals, metric) for metric in found.tests}
    drawn = scores[found.metric]
    inside = _inside(found, rivals, scores)
    axes = _axes(found, pick)
    known = [i for i, c in enumerate(rivals) if all(c.value(axis) is not None for axis in axes)]
    on_front = [rivals[i] for i in known]
    costs = [np.stack([_draws(c, axis) for c in on_front]) for axis in axes]
    front = undominated(known.index(index), drawn[known], [_as_costs(*a) for a in zip(axes, costs, strict=True)],
                        [_floor(found, axis) for axis in axes])  # fmt: skip
    return Odds(
        within=float(inside[index].mean()),
        best=float(share_of_best(np.where(inside, drawn, -np.inf))[index]),
        front=float(front.mean()),
        axes=axes,
        models=len(rivals),
    )


def _scores(found: Field, rivals: Sequence[Candidate], metric: Metric) -> Floats:
    return found.tests[metric].resampled([c.line for c in rivals])


def _inside(found: Field, rivals: Sequence[Candidate], scores: dict[Metric, Floats]) -> npt.NDArray[np.bool_]:
    """Who keeps to all bounds in which draw [models, draws]; who lacks a figure never does."""
    kept = np.ones(scores[found.metric].shape, bool)
    for i, candidate in enumerate(rivals):
        for quantity in found.budget.limits:
            metric = next((m for m in METRICS if m == quantity), None)
            values = scores[metric][i] if metric else _draws(candidate, quantity)
            limit = found.budget.limits[quantity]
            kept[i] &= values >= limit if is_least(quantity) else values <= limit  # neither is true of not a number
    return kept


def _axes(found: Field, pick: Candidate) -> tuple[Quantity, ...]:
    bounded = [q for q in found.budget.limits if q not in METRICS]
    return tuple(q for q in dict.fromkeys((*SHOWN, *bounded)) if pick.value(q) is not None)


def _draws(candidate: Candidate, quantity: Quantity) -> Floats:
    """Drawn over rounds, or the one figure there is; not a number for none."""
    timed = candidate.figures.get(quantity)
    if timed is None or timed.draws is None:
        return np.full(DRAWS, timed.estimate.value if timed else np.nan)
    return timed.draws


def _as_costs(quantity: Quantity, values: Floats) -> Floats:
    return 1 / values if quantity == "throughput" else values


def _floor(found: Field, quantity: Quantity) -> float:
    """The share under which no difference is one."""
    floors = {"latency": found.noise.p50, "throughput": found.noise.throughput, "cost": found.noise.throughput}
    return floors.get(quantity, 0.0)
