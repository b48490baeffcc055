"""Carries out the runs of a command: parents before children, and gates between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from bench.errors import BenchError, StoreInUseError
from bench.identity import RunIdentity
from bench.run.execute import Executor
from bench.run.keys import Parent
from bench.run.lineage import Lineage, Stopped, lacks_parents
from bench.run.plan import Due, PlannedRun, Planner
from bench.schema import Result
from bench.spec import RunSpec


@dataclass(frozen=True)
class Waiting:
    """A run that cannot be planned before its parent is there."""

    spec: RunSpec
    due: Due = "train"
    why: str = "after its parent"


Finished = tuple[PlannedRun, Result | None]
"""A run with its row; None for one that is not stored and was not to be run."""


def preview(specs: Iterable[RunSpec], planner: Planner) -> list[PlannedRun | Waiting]:
    """What is due as far as the store has it; a run whose parent is due itself waits."""
    lineage = Lineage(planner.store)
    runs: list[PlannedRun | Waiting] = []
    for spec in specs:
        parents = lineage.parents(spec)
        if not isinstance(parents, tuple):
            runs.append(Waiting(spec))
            continue
        planned = planner.plan(spec, parents)
        runs.append(planned)
        if planned.stored is not None and planned.due in ("nothing", "measure", "skip"):
            lineage.add(spec, planned.stored)
    return runs


@dataclass(frozen=True)
class Queue:
    """The runs of a command, one after another, parents before their children; other commands may be at some."""

    planner: Planner
    executor: Executor
    lineage: Lineage
    log: Callable[[str], None]
    """Receives a line for each run that goes another way than planned."""

    def run(self, previewed: Iterable[PlannedRun | Waiting]) -> Iterator[Finished]:
        """Each run with its row, in the order in which they end; last those that another command is at."""
        elsewhere: dict[RunIdentity, RunSpec] = {}
        for run in previewed:
            spec = run.spec
            if any(isinstance(parent, RunSpec) and parent.identity in elsewhere for parent in spec.parents):
                elsewhere[spec.identity] = spec
                continue
            try:
                yield from self._run(spec, seen=run if isinstance(run, PlannedRun) else None, wait=False)
            except StoreInUseError:
                elsewhere[spec.identity] = spec
        for spec in elsewhere.values():
            yield from self._run(spec)

    def _run(
        self, spec: RunSpec, needed: bool = False, seen: PlannedRun | None = None, wait: bool = True
    ) -> Iterator[Finished]:
        parents = self.lineage.parents(spec)
        if parents is None and self.planner.policy == "only-stored":
            raise BenchError(f"{spec.title}: its parent has not run, and --cache only-stored runs nothing")
        if parents is None:
            self.log(f"{spec.title}: left out, as its parent was")
            return
        if isinstance(parents, Stopped):
            planned = self.planner.plan(spec, (parents.parent,))
            skipped = self.executor.skip(planned, parents.reason)
            self.lineage.add(spec, skipped)
            yield planned, skipped
            return
        planned = self._plan(spec, parents, seen)
        if lacks_parents(planned, self.planner.store):
            yield from self._parents_again(spec, wait)
            yield from self._run(spec, wait=wait)
            return
        if needed and planned.due != "train":
            planned = replace(planned, due="train", why="its artifact is needed and no more in the store")
        result = self._made(planned, wait) if planned.due in ("train", "predict") else planned.stored
        if (effective := self.planner.store.find(planned.run_id)) is not None:  # a failure leaves a good row as it is
            self.lineage.add(spec, effective)
        yield planned, result
        yield from self._fallback(spec, wait)

    def _made(self, planned: PlannedRun, wait: bool) -> Result:
        """The row of a run: made here, or by another command since this one was planned."""
        store, title = self.planner.store, planned.spec.title

        def note(line: str) -> None:
            self.log(f"{title}: {line}; waiting")

        with store.claim(planned.artifact_key, note if wait else None):
            store.refresh([planned.run_id])
            now = store.find(planned.run_id)
            if now is not None and now != planned.stored:
                self.log(f"{title}: another command has made it")
                return now
            with self.executor.engine.turn(store, lambda line: self.log(f"measuring: this machine is {line}; waiting")):
                return self.executor.run(planned)

    def _plan(self, spec: RunSpec, parents: tuple[Parent, ...], seen: PlannedRun | None) -> PlannedRun:
        """As it was previewed, unless it was asked for twice and has run by now, or its parent is another by now."""
        if seen is not None and seen.parents == parents and not self.lineage.has(spec):
            return seen
        return self.planner.plan(spec, parents)

    def _parents_again(self, spec: RunSpec, wait: bool) -> Iterator[Finished]:
        for parent in spec.parents:
            if isinstance(parent, str):
                raise BenchError(f"the artifact of {parent} is not in the store: train that run again first")
            yield from self._run(self.lineage.effective(parent), needed=True, wait=wait)

    def _fallback(self, spec: RunSpec, wait: bool) -> Iterator[Finished]:
        """Where a run misses its gate: log that, and try the run that stands in for it."""
        failed_gate = self.lineage.failed_gate(spec)
        if failed_gate is None or spec.gate is None:
            return
        instead = spec.gate.instead
        self.log(f"{failed_gate}; {f'trying {instead.title}' if instead else 'what was to be made of it is left out'}")
        if instead is not None:
            yield from self._run(instead, wait=wait)
