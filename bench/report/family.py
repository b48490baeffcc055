"""Parents and their compressed children: what each step cost in quality, and what it saved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from bench.contract import Params
from bench.errors import BenchError
from bench.measure.paired import Paired, compare_paired
from bench.params import parse_recipe
from bench.registry import load_recipe
from bench.report.evidence import Run, runs_of
from bench.report.leaderboard import Board, Line
from bench.store import Store


@dataclass(frozen=True)
class Step:
    """A child against one of its forebears, over the seeds of the child; a ratio is None where one is not measured."""

    paired: Paired
    """The forebear first."""
    kept: float
    """The share of the forebear's accuracy that the child has."""
    parameters: float | None
    """How many times fewer."""
    size: float | None
    """How many times smaller the file is."""
    latency: float | None
    """How many times sooner the median single text is answered."""
    throughput: float | None
    """How many times more texts a second in batches of 32."""
    moved: float
    """The most that any probability of any text differs."""

    @property
    def broken(self) -> float:
        """Texts that went from right to wrong, mean over seeds."""
        return float(np.mean([pair.broken for pair in self.paired.pairs]))

    @property
    def mended(self) -> float:
        """Texts that went from wrong to right, mean over seeds."""
        return float(np.mean([pair.mended for pair in self.paired.pairs]))


@dataclass(frozen=True)
class Member:
    """One model of a family."""

    line: Line
    depth: int
    """Steps from the head of the family, which is 0."""
    step: Step | None
    """Against its parent; None for the head, and where no predictions of the same texts are stored."""
    whole: Step | None
    """Against the head of the family."""
    control: Line | None
    """The same student without its teacher."""
    gain: Paired | None
    """The member against its control, which is the first."""


Family = tuple[Member, ...]
"""A head and all that was made of it, children below their parents, the most accurate first."""


def families(board: Board, store: Store) -> list[Family]:
    """Every family of a leaderboard, of the most accurate head first; none where nothing was compressed."""
    known = _Known(board, store)
    heads = [line for line in board.ok_lines if not known.parent(line) and known.children(line)]
    return [tuple(known.members(head)) for head in heads]


@dataclass(frozen=True)
class _Known:
    """The lines of a board by their lineage, with their runs."""

    board: Board
    store: Store

    @cached_property
    def _by_lineage(self) -> dict[str, Line]:
        return {line.lineage: line for line in self.board.ok_lines}

    @cached_property
    def _runs(self) -> dict[str, tuple[Run, ...]]:
        return {line.lineage: runs_of(line, self.store) for line in self.board.ok_lines}

    def parent(self, line: Line) -> Line | None:
        return self._by_lineage.get(line.parent)

    def children(self, line: Line) -> list[Line]:
        return [child for child in self.board.ok_lines if child.parent and child.parent == line.lineage]

    def members(self, head: Line, line: Line | None = None, depth: int = 0) -> Iterator[Member]:
        line = line or head
        parent = self.parent(line) if depth else None
        control = self._control(line)
        step = self._step(line, parent, 1) if parent else None
        yield Member(
            line=line,
            depth=depth,
            step=step,
            whole=self._step(line, head, depth) if depth > 1 else step,
            control=control,
            gain=_paired(self._by_seed(control, line)) if control else None,
        )
        for child in self.children(line):
            yield from self.members(head, child, depth + 1)

    def _step(self, line: Line, forebear: Line, up: int) -> Step | None:
        pairs = self._descent(line, forebear, up)
        paired = _paired(pairs)
        if paired is None:
            return None
        before, after = forebear.values, line.values
        return Step(
            paired,
            kept=paired.second["accuracy"] / max(paired.first["accuracy"], 1e-9),
            parameters=_ratio(before["parameters"], after["parameters"]),
            size=_ratio(before["bytes_on_disk"], after["bytes_on_disk"]),
            latency=_ratio(before["p50_ms_b1"], after["p50_ms_b1"]),
            throughput=_ratio(after["texts_per_s_b32"], before["texts_per_s_b32"]),
            moved=max(float(np.abs(a.probabilities - b.probabilities).max()) for a, b in _same_texts(pairs)),
        )

    def _descent(self, line: Line, forebear: Line, up: int) -> list[tuple[Run, Run]]:
        """Each run of `line` with the run that it descends from, `up` steps higher."""
        above = {run.result.run_id: run for run in self._runs[forebear.lineage]}
        pairs = []
        for run in self._runs[line.lineage]:
            run_id = _forebear(run.result, up, self.store)
            if run_id in above:
                pairs.append((above[run_id], run))
        return pairs

    def _control(self, line: Line) -> Line | None:
        """The model that was trained as this student was, without its teacher: `alpha` 0, else the student alone."""
        if not line.teacher:
            return None
        recipe, params = parse_recipe(line.name)
        if not params.get("alpha", 1.0):
            return None
        untaught = (recipe, params | {"alpha": 0})
        siblings = [other for other in self.board.ok_lines if other.parent == line.parent]
        found = [other for other in siblings if parse_recipe(other.name) == untaught]
        student = _alone(recipe, params)
        found += [other for other in self.board.ok_lines if not other.parent and _whole(other.name) == student]
        return found[0] if found else None

    def _by_seed(self, first: Line, second: Line) -> list[tuple[Run, Run]]:
        theirs = {run.seed: run for run in self._runs[first.lineage]}
        return [(theirs[run.seed], run) for run in self._runs[second.lineage] if run.seed in theirs]


def _forebear(result: Any, up: int, store: Store) -> str | None:
    run_id: str | None = result.run_id
    for _ in range(up):
        found = store.find(run_id) if run_id else None
        run_id = found.identity.parent_run_id if found else None
    return run_id


def _paired(pairs: Sequence[tuple[Run, Run]]) -> Paired | None:
    """The second of each pair against the first, over pairs with stored predictions of the same texts."""
    whole = _same_texts(pairs)
    if not whole:
        return None
    return compare_paired(whole[0][0].labels, [a.probabilities for a, _ in whole], [b.probabilities for _, b in whole])


def _same_texts(pairs: Sequence[tuple[Run, Run]]) -> list[tuple[Run, Run]]:
    return [(a, b) for a, b in pairs if len(a.ids) and np.array_equal(a.ids, b.ids)]


def _whole(name: str) -> tuple[str, Params]:
    """Recipe and parameters of a line, defaults filled in where this machine knows them."""
    recipe, given = parse_recipe(name)
    try:
        return recipe, {**load_recipe(recipe).defaults, **given}
    except BenchError:  # of a store that knows more recipes than this machine
        return recipe, given


def _alone(recipe: str, given: Params) -> tuple[str, Params] | None:
    """What a child of that recipe is without its parent."""
    try:
        compression = load_recipe(recipe)
        found = compression.resolve({**compression.defaults, **given}).control
    except BenchError:
        return None
    return found and (found[0], dict(found[1]))


def _ratio(one: float | None, other: float | None) -> float | None:
    return one / other if one and other else None
