"""The bounds of a recommendation, held against what a quick look at a model shows."""

from __future__ import annotations

from bench.auto.journal import Tried
from bench.machine import cores
from bench.metrics import METRICS
from bench.recommend.budget import Budget
from bench.recommend.prices import price_table
from bench.search.targets import Targets


def targets_of(budget: Budget) -> Targets:
    """The bounds of costs. A p99 takes a thousand calls, so that p95, which is no more, stands in for it."""
    bounds: dict[str, float] = {}
    for quantity, limit in budget.limits.items():
        if quantity == "latency":
            bounds["p50" if budget.percentile == "p50" else "p95"] = limit
        elif quantity in ("size", "memory"):
            bounds[quantity] = 1e6 * limit
        elif quantity == "throughput":
            bounds[quantity] = max(limit, bounds.get(quantity, 0.0))
        elif quantity == "cost" and (machine := price_table().cheapest(budget.threads or cores())):
            bounds["throughput"] = max(machine.usd_per_million(1.0) / limit, bounds.get("throughput", 0.0))
    return Targets(bounds, budget.text)


def excess(budget: Budget, tried: Tried) -> float:
    """By which share of itself the bound is missed that is missed most; 0 or less where all are kept."""
    scores = [budget.excess(metric, tried.scores[metric]) for metric in METRICS if metric in budget.limits]
    return max([*targets_of(budget).excess(tried.costs).values(), *scores], default=0.0)
