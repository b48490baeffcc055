"""A recommendation for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from bench.board.leaderboard import Line
from bench.recommend.budget import OPTIONS
from bench.recommend.candidates import Candidate, Field
from bench.recommend.choice import Choice, Recommendation, Rival, unjudged, without_bounds
from bench.recommend.prices import price_table
from bench.stats.estimate import Estimate


def document(found: Recommendation) -> dict[str, Any]:
    """As JSON has it; scores are fractions, intervals of 95 %."""
    field, budget = found.field, found.field.budget
    outside = without_bounds(field)
    return {
        "dataset": field.board.data.dataset, "name": field.board.name, "n_test": field.test.n_texts,
        "metric": field.metric, "limits": dict(budget.limits), "latency": budget.percentile, "threads": field.threads,
        "machine": field.board.machine, "session": field.board.session, "noise": field.noise._asdict(),
        "candidates": len(field.candidates), "inside": [c.line.name for c in field.inside],
        "unjudged": [{**_names(line), "reason": reason} for line, reason in unjudged(field)],
        "choice": found.choice and _choice(field, found.choice),
        "best_without_bounds": outside and _candidate(field, outside),
        "misses": [_candidate(field, c) for c in found.misses],
        "loosenings": [
            {"option": OPTIONS[each.quantity], "from": budget.limits[each.quantity], "to": each.to,
             **_names(each.candidate.line)}
            for each in found.loosenings
        ],
    }  # fmt: skip


def _names(line: Line) -> dict[str, Any]:
    return {"model": line.name, "title": line.title, "run_ids": line.run_ids}


def _candidate(field: Field, candidate: Candidate) -> dict[str, Any]:
    figures = {quantity: timed.estimate._asdict() for quantity, timed in candidate.figures.items()}
    return {
        **_names(candidate.line), "standin": candidate.standin, "figures": figures,
        "excesses": field.excesses(candidate),
    }  # fmt: skip


def _choice(field: Field, choice: Choice) -> dict[str, Any]:
    machine, table = field.machine, price_table()
    return {
        **_candidate(field, choice.candidate),
        "passed_over": choice.passed_over and choice.passed_over.line.name,
        "test": choice.score and _estimate(choice.score, choice.score.interval()),
        "beats": _rivals(choice.of("beats")), "ties": _rivals(choice.of("ties")), "loses": _rivals(choice.of("loses")),
        "untested": [_names(line) for line in choice.untested],
        "odds": choice.odds and asdict(choice.odds),
        "price": machine and {**machine.model_dump(), "date": str(table.date), "source": table.source},
        "serve": choice.command or None,
    }  # fmt: skip


def _rivals(rivals: Sequence[Rival]) -> list[dict[str, Any]]:
    return [{**_names(r.line), "difference": _estimate(r.difference, r.interval), "level": r.level} for r in rivals]


def _estimate(estimate: Estimate, interval: tuple[float, float]) -> dict[str, Any]:
    low, high = interval
    return {"value": estimate.value, "low": low, "high": high, "seeds": estimate.seeds}
