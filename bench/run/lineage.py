"""Parents before children: which runs of a command can be planned, which wait, and which can never be."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.data.manifest import metric_of
from bench.identity import RunIdentity
from bench.metrics import written
from bench.run.keys import Parent
from bench.run.plan import PlannedRun, parent_of
from bench.schema import Result
from bench.spec import SLACK, Gate, RunSpec
from bench.store import Store


@dataclass(frozen=True)
class Stopped:
    """A run that cannot be: why, and the parent that it would have had."""

    reason: str
    parent: Parent


@dataclass
class Lineage:
    """The results that later runs of a command may build on."""

    store: Store
    results: dict[RunIdentity, Result] = field(default_factory=dict)

    def add(self, spec: RunSpec, result: Result) -> None:
        """A run has its row."""
        self.results[spec.identity] = result

    def has(self, spec: RunSpec) -> bool:
        """Whether that run has its row already."""
        return spec.identity in self.results

    def parents(self, spec: RunSpec) -> tuple[Parent, ...] | Stopped | None:
        """The parents of `spec` where all are trained, None where one has yet to be, why not where one cannot be."""
        parents: list[Parent] = []
        for named in spec.parents:
            parent = _usable(self.store.result(named)) if isinstance(named, str) else self._effective_parent(named)
            if not isinstance(parent, Parent):
                return parent
            parents.append(parent)
        return tuple(parents)

    def failed_gate(self, spec: RunSpec) -> str | None:
        """How a finished run misses its gate; None where it passes, or has none."""
        result = self.results.get(spec.identity)
        if spec.gate is None or result is None or result.validation is None:
            return None
        parents = self.parents(spec)
        return _drop(spec.gate, self.store.result(parents[0].run_id), result) if isinstance(parents, tuple) else None

    def effective(self, spec: RunSpec) -> RunSpec:
        """The run that a child of `spec` builds on: that one, or the fallback where it misses its gate."""
        while spec.gate is not None and spec.gate.instead is not None and self.failed_gate(spec):
            spec = spec.gate.instead
        return spec

    def _effective_parent(self, spec: RunSpec) -> Parent | Stopped | None:
        effective = self.effective(spec)
        result = self.results.get(effective.identity)
        if result is None:
            return None
        failed_gate = self.failed_gate(effective)
        return Stopped(failed_gate, parent_of(result)) if failed_gate else _usable(result)


def _usable(result: Result) -> Parent | Stopped:
    if result.outcome.status == "ok" or result.outcome.phase == "measure":
        return parent_of(result)
    return Stopped(f"its parent {result.run_id} is {result.outcome.status}: {result.outcome.reason}", parent_of(result))


def _drop(gate: Gate, parent: Result, child: Result) -> str | None:
    if parent.validation is None or child.validation is None:
        return None
    metric = metric_of(child.data.dataset, child.data.notes)
    drop = getattr(parent.validation, metric) - getattr(child.validation, metric)
    if drop <= gate.max_drop + SLACK:
        return None
    return f"{child.run_id} loses {drop:.4f} of {written(metric)} on validation, more than max_drop={gate.max_drop:g}"


def lacks_parents(planned: PlannedRun, store: Store) -> bool:
    """Whether a run is to be trained from an artifact that the store has no more."""
    return planned.due == "train" and any(not store.is_intact(p.artifact) for p in planned.parents)
