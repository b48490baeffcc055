"""Parents and their compressed children: what each step cost in quality, and what it saved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bench.board.inference import Inference
from bench.board.leaderboard import Board, Line
from bench.board.model import Model
from bench.board.predictions import Predictions, Run, paired_runs
from bench.board.recipes import completed, recipe_of
from bench.board.speed import SpeedUp, speed_up
from bench.contract import Params
from bench.errors import BenchError
from bench.stats.estimate import Estimate
from bench.stats.flips import Flips


@dataclass(frozen=True)
class Step:
    """A child against one of its ancestors, over the seeds of the child; a ratio is None where one is not measured."""

    difference: Estimate
    """Of the scores, the child's less the ancestor's."""
    ancestor: float
    """Its score, of the runs that the child comes from."""
    flips: Flips
    """Texts that change sides from the ancestor to the child, mean over seeds."""
    parameters: float | None
    """How many times fewer."""
    size: float | None
    """How many times smaller the file is."""
    speed_up: SpeedUp
    """Of the median time of a single text."""
    throughput: SpeedUp
    """Of texts a second in batches of 32."""
    largest_change: float
    """Of any probability of any text."""

    @property
    def retained(self) -> tuple[float, ...]:
        """The share of the ancestor's score that the child has, with the ends of its 95 % interval."""
        return tuple(1 + gap / max(self.ancestor, 1e-9) for gap in (self.difference.value, *self.difference.interval()))


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
    gain: Estimate | None
    """The member's score less its control's."""


PLAIN = ("constant", "linear")
"""Recipes that show what is kept without any of the effort: label frequencies, and the plain baseline."""
Family = tuple[Member, ...]
"""A head and all that was made of it, children below their parents, the most accurate first."""


def families(board: Board, predictions: Predictions) -> list[Family]:
    """Every family of a leaderboard, of the most accurate head first; none where nothing was compressed."""
    tree = _Tree(board, predictions, Inference(board.ok_lines, predictions, board.metric))
    heads = [line for line in board.ok_lines if not tree.parent(line) and tree.children(line)]
    return [tuple(tree.members(head, head, 0)) for head in heads]


def floors(board: Board, family: Family) -> list[tuple[Line, float]]:
    """What share of the head's score the best model of each of `PLAIN` has, and each untaught control of the family."""
    head = family[0].line
    plain = [next((line for line in board.ok_lines if line.recipe == recipe), None) for recipe in PLAIN]
    controls = {member.control.run_ids: member.control for member in family if member.control}
    lines = [line for line in (*plain, *controls.values()) if line and line is not head]
    return [(line, line.score / head.score) for line in lines] if head.score else []


@dataclass(frozen=True)
class _Tree:
    """The lines of a board with their parents and children."""

    board: Board
    predictions: Predictions
    inference: Inference

    @cached_property
    def _lines(self) -> dict[Model, Line]:
        return {line.model: line for line in self.board.ok_lines}

    @cached_property
    def _children(self) -> dict[Model, list[Line]]:
        children: dict[Model, list[Line]] = {}
        for line in self.board.ok_lines:
            if line.model.parent:
                children.setdefault(line.model.parent, []).append(line)
        return children

    def parent(self, line: Line) -> Line | None:
        return self._lines.get(line.model.parent) if line.model.parent else None

    def children(self, line: Line) -> list[Line]:
        return self._children.get(line.model, [])

    def members(self, head: Line, line: Line, depth: int) -> Iterator[Member]:
        parent = self.parent(line) if depth else None
        control = self._control(line)
        step = self._step(line, parent, 1) if parent else None
        yield Member(
            line=line,
            depth=depth,
            step=step,
            whole=self._step(line, head, depth) if depth > 1 else step,
            control=control,
            gain=self._gain(line, control) if control else None,
        )
        for child in self.children(line):
            yield from self.members(head, child, depth + 1)

    def _step(self, line: Line, ancestor: Line, steps: int) -> Step | None:
        child, above = self.inference.subject(line), self.inference.subject(ancestor)
        pairs = paired_runs(self._descent(line, ancestor, steps))
        if child is None or above is None or not pairs:
            return None
        above = above.of_trainings(child.roots)
        before, after = ancestor.values, line.values
        timed = [(a.row, b.row) for a, b in pairs]
        return Step(
            difference=self.inference.difference(above, child),
            ancestor=above.sample.score,
            flips=self.inference.flips(above, child),
            parameters=_ratio(before.parameters, after.parameters),
            size=_ratio(before.bytes_on_disk, after.bytes_on_disk),
            speed_up=speed_up(timed, self.board.noise),
            throughput=speed_up(timed, self.board.noise, "throughput"),
            largest_change=max(float(np.abs(a.probabilities - b.probabilities).max()) for a, b in pairs),
        )

    def _descent(self, line: Line, ancestor: Line, steps: int) -> list[tuple[Run, Run]]:
        """Each run of `line` with the run that it descends from, that many steps higher."""
        above = {run.run_id: run for run in self.predictions.runs(ancestor)}
        descent = self.predictions.descent
        pairs = [(descent.ancestor(run.run_id, steps), run) for run in self.predictions.runs(line)]
        return [(above[run_id], run) for run_id, run in pairs if run_id in above]

    def _control(self, line: Line) -> Line | None:
        """The model that was trained as this student was, without its teacher: `alpha` 0, else the student itself."""
        if not line.teacher or not line.params.get("alpha", 1.0):
            return None
        by_labels = {**line.params, "alpha": 0}
        siblings = [other for other in self.board.ok_lines if other.model.parent == line.model.parent]
        controls = [other for other in siblings if other.recipe == line.recipe and other.params == by_labels]
        if not controls and (student := _student(line)):
            heads = [other for other in self.board.ok_lines if not other.model.parent]
            controls = [other for other in heads if (other.recipe, completed(other.recipe, other.params)) == student]
        return controls[0] if controls else None

    def _gain(self, line: Line, control: Line) -> Estimate | None:
        taught, untaught = self.inference.subject(line), self.inference.subject(control)
        return self.inference.difference(untaught, taught) if taught and untaught else None


def _student(line: Line) -> tuple[str, Params] | None:
    """The recipe and all parameters that train the child of a teacher without it."""
    recipe = recipe_of(line.recipe)
    try:
        control = recipe.resolve(completed(line.recipe, line.params)).control if recipe else None
    except BenchError:
        return None
    return control and (control[0], dict(control[1]))


def _ratio(numerator: float | None, denominator: float | None) -> float | None:
    return numerator / denominator if numerator and denominator else None
