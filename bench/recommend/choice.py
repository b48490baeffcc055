"""What is chosen on validation inside the bounds, what test says of it, and, where nothing fits, what is nearest."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bench.board.leaderboard import Line
from bench.metrics import METRICS
from bench.recommend.budget import Quantity, sufficient
from bench.recommend.candidates import Candidate, Field
from bench.recommend.odds import Odds, odds
from bench.stats.estimate import Estimate
from bench.store import Store

Verdict = Literal["beats", "ties", "loses"]


@dataclass(frozen=True)
class Rival:
    """Another model inside the bounds, against the chosen one, on test."""

    line: Line
    difference: Estimate
    """Of the scores, the chosen one's less this one's."""
    level: float
    """Of the test: all pairs of its family of models together err in 5 %."""

    @property
    def verdict(self) -> Verdict:
        """Of the chosen one; `ties` where no difference is shown."""
        if self.difference.p_zero() >= self.level:
            return "ties"
        return "beats" if self.difference.value > 0 else "loses"

    @property
    def interval(self) -> tuple[float, float]:
        """Of the difference; those of all pairs of its family of models hold together in 95 %."""
        return self.difference.interval(self.level)


@dataclass(frozen=True)
class Choice:
    """The model to ship."""

    candidate: Candidate
    passed_over: Candidate | None
    """A control or floor that is higher on validation, by no difference that is shown; None for none."""
    score: Estimate | None
    """On test, over texts and seeds; None where its test predictions are not stored, as `odds`."""
    rivals: tuple[Rival, ...]
    """All others inside the bounds with stored test predictions, the highest on test first."""
    untested: tuple[Line, ...]
    """Others inside the bounds, without."""
    odds: Odds | None
    command: str
    """That serves it: of the runs whose artifact is in the store the best on validation; empty where none is."""

    def of(self, verdict: Verdict) -> list[Rival]:
        """The rivals that it beats, ties with, or loses to."""
        return [rival for rival in self.rivals if rival.verdict == verdict]


@dataclass(frozen=True)
class Loosening:
    """One bound that alone would let a model in."""

    quantity: Quantity
    to: float
    """Three digits, enough for the model."""
    candidate: Candidate


@dataclass(frozen=True)
class Recommendation:
    """The answer for one leaderboard."""

    field: Field
    choice: Choice | None
    """None where nothing keeps to the bounds."""
    misses: tuple[Candidate, ...]
    """Where nothing does: the nearest first, by the bound that each breaks most; stand-ins last."""
    loosenings: tuple[Loosening, ...]


def recommend(found: Field, store: Store) -> Recommendation:
    """The best on validation, mean over seeds, of what keeps to the bounds.

    A control or the floor is not taken while another is not shown to be worse there.
    """
    if found.inside:
        return Recommendation(found, _choice(found, store), (), ())
    misses = sorted(found.judged, key=lambda c: (bool(c.standin), max(found.excesses(c).values())))
    return Recommendation(found, None, tuple(misses), tuple(_loosenings(found)))


def _choice(found: Field, store: Store) -> Choice:
    first = found.inside[0]
    pick = _meant_for_use(found) if first.standin else first
    subject = found.test.subject(pick.line)
    others = [c.line for c in found.inside if c is not pick]
    tested = {line.run_ids: s for line in others if (s := found.test.subject(line))}
    rivals = [
        Rival(line, found.test.difference(other, subject), found.test.level(other, subject))
        for line in others
        if subject and (other := tested.get(line.run_ids))
    ]
    return Choice(
        candidate=pick,
        passed_over=first if pick is not first else None,
        score=found.test.score(subject) if subject else None,
        rivals=tuple(sorted(rivals, key=lambda rival: rival.difference.value)),
        untested=tuple(line for line in others if not subject or line.run_ids not in tested),
        odds=odds(found, pick),
        command=_command(found, pick.line, store),
    )


def _meant_for_use(found: Field) -> Candidate:
    """The best that is no stand-in and not shown to be worse on validation than the first, else the first."""
    first = found.inside[0]
    best = found.validation.subject(first.line)
    for candidate in found.inside:
        subject = found.validation.subject(candidate.line)
        if candidate.standin or best is None or subject is None:
            continue
        if found.validation.difference(best, subject).p_zero() >= found.validation.level(best, subject):
            return candidate
    return first


def _command(found: Field, line: Line, store: Store) -> str:
    stored = [run for run in line.runs if run.artifact and store.has_artifact(run.artifact)]
    alone = [(run.run_id, found.validation.subject(line, run.run_id)) for run in stored]
    scored = [(run_id, subject.sample.score) for run_id, subject in alone if subject]
    if not scored:
        return ""
    run_id, _ = max(scored, key=lambda pair: pair[1])
    return f"python -m serving http {run_id} --store {shlex.quote(store.place)}"


def _loosenings(found: Field) -> list[Loosening]:
    """Of each bound that alone keeps a model out, the least that lets one in; stand-ins only where none is meant."""
    meant = [c for c in found.judged if not c.standin]
    return _of_each_bound(found, meant) or _of_each_bound(found, found.judged)


def _of_each_bound(found: Field, candidates: Sequence[Candidate]) -> list[Loosening]:
    loosenings = []
    for quantity in found.budget.limits:
        near = [c for c in candidates if list(found.excesses(c)) == [quantity]]
        if near:
            nearest = min(near, key=lambda c: found.excesses(c)[quantity])
            loosenings.append(Loosening(quantity, sufficient(quantity, nearest.value(quantity) or 0.0), nearest))
    return loosenings


def without_bounds(found: Field) -> Candidate | None:
    """The best on validation of all, where bounds keep it out: what they cost."""
    best = next((c for c in found.candidates if not c.standin), None)
    return best if best and best not in found.inside else None


def unjudged(found: Field) -> list[tuple[Line, str]]:
    """What stands on the leaderboard and was not considered, and why."""
    lines = [(line, "no validation predictions are stored") for line in found.unscored]
    for candidate in found.candidates:
        if missing := found.missing(candidate):
            lines.append((candidate.line, _why(found, candidate.line, missing)))
    return lines


def _why(found: Field, line: Line, missing: Sequence[Quantity]) -> str:
    if any(quantity not in ("size", "memory", *METRICS) for quantity in missing):
        if not line.timed:
            where = "timed elsewhere or in another session" if line.timed_elsewhere else "not timed"
            return f"{where} (python -m bench measure -d '{found.board.data.dataset}' times all)"
        if found.budget.percentile == "p99" and "latency" in missing:
            return "no p99: under 1,000 calls were timed"
    return "not measured: " + ", ".join(found.budget.name(quantity) for quantity in missing)
