"""What stored runs have cost, and what decides that of a run: its model, its data, its machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bench.contract import Params
from bench.data import Prepared
from bench.identity import canonical
from bench.machine import machine_id
from bench.measure.schedule import schedule_of
from bench.run.plan import PlannedRun
from bench.run.queue import Waiting
from bench.schema import Measurement, Result
from bench.spec import RunSpec
from bench.store import Store

Traits = Mapping[str, str]


@dataclass(frozen=True)
class Task:
    """A run as far as its cost depends on it."""

    recipe: str
    traits: Traits
    """Its parameters, and those of what it compresses."""
    dataset: str
    limit: int | None
    machine: str
    trained: float | None
    """Rows that a training reads in all its epochs; None where the data have not been read yet."""
    predicted: float | None
    """Test and validation rows."""
    rounds: float | None
    """Of timing; None where it was not timed."""


@dataclass(frozen=True)
class Spent:
    """A stored run with what it has cost; None for what was not done, or not recorded."""

    task: Task
    train_seconds: float | None
    predict_seconds: float | None
    measure_seconds: float | None
    disk_bytes: float | None


def spent_runs(store: Store) -> list[Spent]:
    """All runs of a store that went well, oldest first."""
    results = sorted(store.read_all(), key=lambda result: result.outcome.started_at)
    by_id = {result.run_id: result for result in results}
    return [_spent(store, result, by_id) for result in results if result.quality is not None]


def task_of(run: PlannedRun | Waiting, store: Store, prepared: Prepared | None, rounds: int | None = None) -> Task:
    """What decides the cost of a run on this machine, where it is timed in the protocol's rounds or in so many."""
    spec = run.spec
    params = run.shown if isinstance(run, PlannedRun) else spec.params
    traits = _traits(spec.recipe, params) | _parents_traits(spec, store)
    timed = float(schedule_of(spec.limit, rounds).rounds)
    if prepared is None:
        return Task(spec.recipe, traits, spec.dataset.name, spec.limit, machine_id(), None, None, timed)
    meta = prepared.meta
    validation = 0 if spec.refit else meta.n_validation
    trained = meta.n_train + (meta.n_validation if spec.refit else 0)
    return Task(
        spec.recipe, traits, prepared.name, meta.limit, machine_id(), trained * _epochs(params),
        meta.n_test + validation, timed,
    )  # fmt: skip


def _spent(store: Store, result: Result, by_id: Mapping[str, Result]) -> Spent:
    data, outcome, params = result.data, result.outcome, result.identity.params
    trained = None if data.n_train is None else data.n_train * _epochs(params)
    predicted = None if data.n_test is None else float(data.n_test + (data.n_validation or 0))
    traits = _stored_traits(result, by_id)
    machine = result.environment.machine
    rounds = None if result.measurement is None else float(result.measurement.rounds)
    task = Task(result.identity.recipe, traits, data.dataset, data.limit, machine, trained, predicted, rounds)
    files = sum(path.stat().st_size for path in store.folder(result.run_id).iterdir() if path.is_file())
    disk = None if result.size is None else float(result.size.bytes_on_disk + files)
    measured = None if result.measurement is None else _measure_seconds(result.measurement)
    return Spent(task, outcome.train_seconds, outcome.predict_seconds, measured, disk)


def _measure_seconds(measurement: Measurement) -> float | None:
    """Its share of the session, which it had with others and with the reference workload."""
    starts = [datetime.fromisoformat(taken.started_at) for taken in measurement.timed]
    if len(starts) < 2:
        return None
    gaps = sum(gap.seconds for gap in measurement.session.gaps) if measurement.session else 0.0
    span = (max(starts) - min(starts)).total_seconds() - gaps
    return max(0.0, span) * len(starts) / (len(starts) - 1) / measurement.interleaved_with


def _epochs(params: Params) -> float:
    epochs = params.get("epochs")
    return float(epochs) if isinstance(epochs, int | float) and epochs > 0 else 1.0


def _traits(recipe: str, params: Params, place: str = "") -> dict[str, str]:
    return {f"{place}recipe": recipe} | {f"{place}{name}": canonical(value) for name, value in params.items()}


def _stored_traits(result: Result, by_id: Mapping[str, Result], place: str = "") -> dict[str, str]:
    own = _traits(result.identity.recipe, result.identity.params, place)
    parent = by_id.get(result.identity.parent_run_id or "")
    return own | (_stored_traits(parent, by_id, f"{place}parent.") if parent else {})


def _parents_traits(spec: RunSpec, store: Store, place: str = "parent.") -> dict[str, str]:
    """Of the one parent, as results name no more than one."""
    if len(spec.parents) != 1:
        return {}
    (parent,) = spec.parents
    if isinstance(parent, RunSpec):
        return _traits(parent.recipe, parent.params, place) | _parents_traits(parent, store, f"{place}parent.")
    by_id: dict[str, Result] = {}
    named: str | None = parent
    while named is not None and (result := store.find(named)) is not None and named not in by_id:
        by_id[named] = result
        named = result.identity.parent_run_id
    return _stored_traits(by_id[parent], by_id, place) if parent in by_id else {}
