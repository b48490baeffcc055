"""Every two models of a leaderboard: the paired difference, the texts that flip, how many times faster."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from bench.board.inference import Inference
from bench.board.leaderboard import Board, Line
from bench.board.predictions import Predictions, Run
from bench.board.speed import line_speed_up
from bench.report.page import packed
from bench.report.page.contested import Texts, contested

MOST = 80
"""Models whose pairs the page has, the best first: their number grows with the square."""


def pairs(board: Board, predictions: Predictions, texts: Texts) -> dict[str, Any]:
    """By the data set's metric, in the order of `combinations` of `lines`; empty where nothing can be compared.

    A difference is the second less the first, its interval of 95 % by itself.
    """
    test = Inference(board.ok_lines, predictions, board.metric)
    subjects = [(i, line, s) for i, line in enumerate(board.lines) if line.ok and (s := test.subject(line))][:MOST]
    if len(subjects) < 2:
        return {}
    gaps, flipped, speeds = [], [], []
    for (_, first, a), (_, second, b) in combinations(subjects, 2):
        gap, flips = test.difference(a, b), test.flips(a, b)
        gaps.append([gap.value, *gap.interval()])
        flipped += [round(flips.corrections), round(flips.regressions)]
        speeds.append(line_speed_up(first, second, board.noise).text)
    kinds = list(dict.fromkeys(speeds))
    return {
        "lines": [i for i, _, _ in subjects],
        "difference": packed.int16(gaps),
        "flips": flipped,
        "speeds": kinds,
        "speed": [kinds.index(text) for text in speeds],
        "contested": contested([s for _, _, s in subjects], _run(predictions, subjects[0][1], test.n_texts), texts),
    }


def _run(predictions: Predictions, line: Line, n: int) -> Run:
    """One with the ids and labels of all texts."""
    return next(run for run in predictions.runs(line) if len(run.ids) == n)
