"""Every two models of a leaderboard: the paired difference, the texts that flip, how many times faster."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from bench.board.inference import Inference, Subject
from bench.board.leaderboard import Board, Line
from bench.board.predictions import Predictions
from bench.board.speed import line_speed_up
from bench.report.page import packed

MOST = 80
"""Models whose pairs the page has, the best first: their number grows with the square."""
MOST_TEXTS = 5_000
"""Test texts of which the page tells who has which right; of more it tells only how many flip."""


def pairs(board: Board, predictions: Predictions) -> dict[str, Any]:
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
        flipped.append([flips.corrections, flips.regressions])
        speeds.append(line_speed_up(first, second, board.noise).text)
    texts = list(dict.fromkeys(speeds))
    return {
        "lines": [i for i, _, _ in subjects],
        "difference": packed.int16(gaps),
        "flips": packed.int16(flipped, 1),
        "speeds": texts,
        "speed": [texts.index(text) for text in speeds],
        **(_texts(predictions, subjects, test.n_texts) if test.n_texts <= MOST_TEXTS else {}),
    }


def _texts(predictions: Predictions, subjects: Sequence[tuple[int, Line, Subject]], n: int) -> dict[str, Any]:
    """Which texts most seeds of each model have right; their ids and true labels.

    Ids that count up are told by what stands before the number, and its least digits.
    """
    lines = [line for _, line, _ in subjects]
    run = next(run for line in lines for run in predictions.runs(line) if len(run.ids) == n)
    ids = [str(one) for one in run.ids]
    stem = ids[0].rstrip("0123456789")
    width = len(ids[0]) - len(stem)
    counted = ids == [f"{stem}{i:0{width}}" for i in range(n)]
    right = packed.bits([subject.right.mean(axis=0) >= 0.5 for _, _, subject in subjects])
    return {
        "right": right,
        "n": n,
        "ids": {"stem": stem, "width": width} if counted else ids,
        "labels": packed.bytes_of(run.labels),
    }
