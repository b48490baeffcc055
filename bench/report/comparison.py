"""Two models of the store against each other, on every data set where both have scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.errors import BenchError, did_you_mean
from bench.measure.paired import METRICS, Paired, compare_paired
from bench.params import parse_recipe
from bench.registry import load_recipe
from bench.report.evidence import Run, runs_of
from bench.report.leaderboard import Board, Line
from bench.store import Store

WORDS = {"better": "the second is better", "worse": "the second is worse", "equal": "no difference is seen"}


@dataclass(frozen=True)
class Comparison:
    """Two lines of one leaderboard."""

    board: str
    n_test: int
    first: str
    second: str
    seeds: tuple[tuple[int, int], ...]
    """Of the first and the second, as they were paired."""
    paired: Paired


def comparisons(boards: Sequence[Board], store: Store, first: str, second: str) -> list[Comparison]:
    """`first` and `second` are run ids, model names, or the start of one: a recipe with some of its parameters.

    Models are paired by seed, two single runs as they are. Raises `BenchError` where nothing can be paired.
    """
    found = []
    for board in boards:
        meant = {name: _meant(board, name) for name in (first, second)}
        if all(meant.values()):
            found.append(_compare(board, store, *(_only(board, name, meant[name]) for name in (first, second))))
    if not found:
        for name in (first, second):
            if not any(_meant(board, name) for board in boards):
                known = {n for board in boards for line in board.ok_lines for n in (line.name, line.short)}
                raise BenchError(f"no scores of '{name}', neither model nor run; {did_you_mean(name, known)}")
        raise BenchError(f"'{first}' and '{second}' have no data set in common")
    return found


def _meant(board: Board, name: str) -> list[Line | tuple[Line, str]]:
    """The lines of the board that `name` may mean, with the run where it is a run id."""
    for line in board.ok_lines:
        if name in line.run_ids:
            return [(line, name)]
    exact = [line for line in board.ok_lines if name in (line.name, line.title, line.short)]
    return list(exact or (line for line in board.ok_lines if _is_meant(line, name)))


def _only(board: Board, name: str, meant: Sequence[Line | tuple[Line, str]]) -> Line | tuple[Line, str]:
    if len(meant) > 1:
        titles = "; ".join(line.title for line in meant if isinstance(line, Line))
        raise BenchError(f"'{name}' is several models on {board.name}: {titles}; name more of its parameters, or -d")
    return meant[0]


def _is_meant(line: Line, name: str) -> bool:
    """Whether the line is of that recipe and has those parameters; a name leaves out what is the recipe's default."""
    recipe, wanted = parse_recipe(name)
    if line.recipe != recipe:
        return False
    try:
        defaults = dict(load_recipe(recipe).defaults)
    except BenchError:  # of a store that knows more recipes than this machine
        defaults = {}
    has = defaults | parse_recipe(line.name)[1]
    return all(key in has and has[key] == value for key, value in wanted.items())


def _compare(board: Board, store: Store, first: Any, second: Any) -> Comparison:
    names, runs = zip(*(_named_runs(found, store) for found in (first, second)), strict=True)
    pairs = _pairs(*runs)
    if not pairs:
        raise BenchError(f"{board.name}: '{names[0]}' and '{names[1]}' have no seed in common; name two run ids")
    reference = pairs[0][0]
    for run in (run for pair in pairs for run in pair):
        if not len(run.ids) or not np.array_equal(run.ids, reference.ids):
            raise BenchError(f"{run.result.run_id}: no stored predictions of the same test texts; run it again")
    a, b = ([pair[i].probabilities for pair in pairs] for i in (0, 1))
    paired = compare_paired(reference.labels, a, b)
    seeds = tuple((x.seed, y.seed) for x, y in pairs)
    return Comparison(board.name, len(reference.labels), names[0], names[1], seeds, paired)


def _named_runs(found: Line | tuple[Line, str], store: Store) -> tuple[str, list[Run]]:
    if isinstance(found, tuple):
        line, run_id = found
        return run_id, [run for run in runs_of(line, store) if run.result.run_id == run_id]
    return found.title, list(runs_of(found, store))


def _pairs(first: Sequence[Run], second: Sequence[Run]) -> list[tuple[Run, Run]]:
    if len(first) == len(second) == 1:
        return [(first[0], second[0])]
    by_seed = {run.seed: run for run in second}
    return [(run, by_seed[run.seed]) for run in first if run.seed in by_seed]


def document(comparison: Comparison, metric: str) -> dict[str, Any]:
    """For programs."""
    paired = comparison.paired
    return {
        "dataset": comparison.board, "n_test": comparison.n_test, "first": comparison.first,
        "second": comparison.second, "metric": metric, "verdict": paired.verdict(metric),
        "scores": {"first": paired.first, "second": paired.second},
        "difference": {name: interval.model_dump() for name, interval in paired.difference.items()},
        "seeds": [
            {"first": a, "second": b, **asdict(pair)}
            for (a, b), pair in zip(comparison.seeds, paired.pairs, strict=True)
        ],
    }  # fmt: skip


def print_comparison(comparison: Comparison, metric: str, console: Console) -> None:
    """Scores with their difference, then the texts that changed sides, seed by seed, and the verdict."""
    paired = comparison.paired
    console.print()
    console.print(Text(f"{comparison.board}, {comparison.n_test:,} test texts", style="bold"))
    names = f"  first   {comparison.first}\n  second  {comparison.second}"
    console.print(names, markup=False, soft_wrap=True)
    scores = Table(box=None, pad_edge=False, padding=(0, 2), header_style="bold")
    for title in ("", "first", "second", "difference", "95 % interval"):
        scores.add_column(title, justify="right" if title else "left")
    for name in METRICS:
        gap = paired.difference[name]
        cells = (paired.first[name], paired.second[name])
        interval = f"{gap.low:+.4f} to {gap.high:+.4f}"
        style = "bold" if name == metric else ""
        scores.add_row(name, *(f"{cell:.4f}" for cell in cells), f"{gap.value:+.4f}", interval, style=style)
    console.print(scores)
    seeds = Table(box=None, pad_edge=False, padding=(0, 2), header_style="bold")
    for title in ("seed", "wrong → right", "right → wrong", "McNemar p (Holm)"):
        seeds.add_column(title, justify="right" if title != "seed" else "left")
    for (a, b), pair in zip(comparison.seeds, paired.pairs, strict=True):
        seeds.add_row(str(a) if a == b else f"{a}, {b}", str(pair.mended), str(pair.broken), f"{pair.p:.2g}")
    console.print(seeds)
    verdict = paired.verdict(metric)
    style = {"better": "green", "worse": "red", "equal": "yellow"}[verdict]
    console.print(Text(f"{metric}: {WORDS[verdict]}", style=style))
