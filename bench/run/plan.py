"""What a command will do: which runs are stored, which are due, and why."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bench.api import Recipe
from bench.artifact import is_intact
from bench.data import Prepared
from bench.machine import cores, machine_id
from bench.measure.timing import PROTOCOL, thread_counts
from bench.registry import load_recipe
from bench.run.keys import Parent, artifact_parts, digest, evaluation_key, explain_miss, measurement_key
from bench.schema import Result
from bench.spec import RunSpec
from bench.store import Store

CachePolicy = Literal["reuse", "only-stored", "retrain"]
Due = Literal["nothing", "measure", "predict", "train", "skip"]


@dataclass(frozen=True)
class PlannedRun:
    """A run with its keys, what is due of it, and why."""

    spec: RunSpec
    recipe: Recipe
    prepared: Prepared
    parents: tuple[Parent, ...]
    parts: dict[str, str]
    artifact_key: str
    run_id: str
    due: Due
    why: str
    stored: Result | None


def known_artifact(store: Store, artifact_key: str) -> dict[str, Any] | None:
    """What the store knows of a trained artifact that is still there, unaltered."""
    try:
        record: dict[str, Any] = json.loads((store.keys / f"{artifact_key}.json").read_bytes())
    except (OSError, ValueError):
        return None
    return record if is_intact(store.artifacts / record["artifact"]) else None


@dataclass(frozen=True)
class Planner:
    """Decides for a run what is due of it; `prepared` holds the data sets by name."""

    prepared: Mapping[str, Prepared]
    store: Store
    policy: CachePolicy
    device: str

    @functools.cached_property
    def _earlier(self) -> dict[str, dict[str, Any]]:
        return _earlier_runs(self.store)

    def plan(self, spec: RunSpec, parents: Sequence[Parent] = ()) -> PlannedRun:
        """What is due of a run whose parents, if it has any, are trained."""
        return _plan_run(spec, parents, self)

    def plan_all(self, specs: Iterable[RunSpec]) -> list[PlannedRun]:
        """Of runs that have no parents."""
        return [self.plan(spec) for spec in specs]


def parent_of(result: Result) -> Parent:
    """A stored run as the parent of another."""
    return Parent(result.run_id, result.identity.artifact or "", result.data.normalization)


def _plan_run(spec: RunSpec, parents: Sequence[Parent], planner: Planner) -> PlannedRun:
    recipe = load_recipe(spec.recipe)
    prepared, store, policy = planner.prepared[spec.dataset.name], planner.store, planner.policy
    parts = artifact_parts(recipe, spec.params, spec.seed, prepared.train_hash, planner.device, spec.refit, parents)
    key = digest(parts)
    run_id = f"{spec.recipe}-{slug(prepared.name)}-s{spec.seed}-{key[:10]}"
    stored = store.find(run_id)
    due, why = _due(spec, prepared, store, key, stored)
    if due == "train" and stored is None and (before := planner._earlier.get(_identity(spec))):
        why = explain_miss(parts, before["identity"]["key_parts"])
    if policy == "retrain" and due in ("nothing", "measure", "predict"):
        due, why = "train", "asked to run again (--cache retrain)"
    if policy == "only-stored" and due != "nothing":
        due, why = ("nothing", "stored") if stored else ("skip", "not stored, and --cache only-stored runs nothing")
    return PlannedRun(spec, recipe, prepared, tuple(parents), parts, key, run_id, due, why, stored)


def _due(spec: RunSpec, prepared: Prepared, store: Store, key: str, stored: Result | None) -> tuple[Due, str]:
    due, why = _due_with_artifact(spec, prepared, stored)
    if due == "nothing" or known_artifact(store, key):
        return due, why
    return "train", "never run" if stored is None else f"{why}, and its artifact is not in the store"


def _due_with_artifact(spec: RunSpec, prepared: Prepared, stored: Result | None) -> tuple[Due, str]:
    """What would be due if the artifact is there."""
    if stored is None:
        return "predict", "trained already"
    outcome, identity = stored.outcome, stored.identity
    if outcome.status != "ok" and outcome.phase != "measure":
        return "predict", f"last time: {outcome.status} ({outcome.reason})"
    if identity.evaluation_key != evaluation_key(identity.artifact or "", prepared.test_hash):
        return "predict", "the test data or the scoring changed"
    if spec.measured and identity.measurement_key != current_measurement_key(identity.artifact or ""):
        return "measure", "not measured on this machine"
    return "nothing", "stored"


def current_measurement_key(artifact: str) -> str:
    """The measurement key that holds here and now."""
    return measurement_key(artifact, PROTOCOL, machine_id(), thread_counts(cores()))


def _identity(spec: RunSpec) -> str:
    trained_on = "train+validation" if spec.refit else "train"
    return digest([spec.recipe, spec.dataset.name, spec.limit, spec.seed, dict(spec.params), trained_on])


def _earlier_runs(store: Store) -> dict[str, dict[str, Any]]:
    """The newest stored document of each recipe, data set, limit, seed, parameters and trained rows."""
    newest: dict[str, dict[str, Any]] = {}
    for document in store.documents():
        identity, data = document["identity"], document["data"]
        trained_on = data.get("trained_on", "train")
        parts = [identity["recipe"], data["dataset"], data["limit"], identity["seed"], identity["params"], trained_on]
        key = digest(parts)
        if key not in newest or newest[key]["outcome"]["started_at"] < document["outcome"]["started_at"]:
            newest[key] = document
    return newest


def slug(name: str) -> str:
    """A data set's name as part of a run's: lower case letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", Path(name).name.lower()).strip("-") or "data"
