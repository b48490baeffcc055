"""Ranks, and which models are not shown to be worse than the best."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import replace

from bench.board.few_labels import per_label
from bench.board.inference import Inference
from bench.board.leaderboard import Line, Standing


def ranked(lines: Sequence[Line], inference: Inference) -> tuple[Line, ...]:
    """The best first with ranks, ties and differences from the best, failures last by name.

    A line whose predictions are not stored cannot be tested: it is tied with none, and its place is that of its score.
    """
    scored = sorted((line for line in lines if line.ok), key=lambda line: (-line.score, line.title))
    failures = sorted((line for line in lines if not line.ok), key=lambda line: line.title)
    standings = _standings(scored, inference)
    near = [standing is not None and not standing.worse for standing in standings]
    places = [
        replace(line, standing=standing, tied=tied and sum(near) > 1, rank=1 if tied else place)
        for place, (line, standing, tied) in enumerate(zip(scored, standings, near, strict=True), start=1)
    ]
    return (*places, *failures)


def _standings(scored: Sequence[Line], inference: Inference) -> list[Standing | None]:
    """Against the first line that can be tested."""
    subjects = [inference.subject(line) for line in scored]
    best = next((subject for subject in subjects if subject), None)
    found: list[Standing | None] = []
    for subject in subjects:
        if not best or not subject:
            found.append(None)
            continue
        behind = inference.difference(best, subject) if subject is not best else None
        found.append(Standing(inference.score(subject), behind, inference.level(best, subject)))
    return found


def resolution(lines: Sequence[Line]) -> float | None:
    """Half the width of the intervals of the differences from the best, the median; None without any.

    Of models that were trained on all of train: those of few labels also draw their texts, and differ by more.
    """
    whole = [line for line in lines if line.standing and per_label(line) is None]
    intervals = [interval for line in whole if line.standing and (interval := line.standing.behind_interval)]
    return statistics.median((high - low) / 2 for low, high in intervals) if intervals else None
