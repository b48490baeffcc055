"""What a command will do: which runs are stored, which are due, and why."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from bench.clock import order_in_time
from bench.contract import Params, Recipe, Resolved
from bench.data import Prepared
from bench.identity import RunIdentity, slug
from bench.machine import cores, machine_id
from bench.measure.schedule import schedule_of, thread_counts
from bench.registry import load_recipe
from bench.run.keys import (
    DIGITS,
    Parent,
    artifact_parts,
    digest,
    evaluation_key,
    explain_miss,
    measurement_key,
    shown_params,
)
from bench.run.trained import stored_artifact
from bench.schema import Result
from bench.spec import RunSpec
from bench.store import Store

CachePolicy = Literal["reuse", "only-stored", "retrain"]
Due = Literal["nothing", "measure", "predict", "train", "skip"]

HASHES = re.compile(r"-[0-9a-f]{10}(-[0-9a-f]{6})?$")
"""At the end of a run's name: of its key, and of the test rows where it was scored on several."""


@dataclass(frozen=True)
class PlannedRun:
    """A run with its keys, what is due of it, and why."""

    spec: RunSpec
    recipe: Recipe
    resolved: Resolved
    prepared: Prepared
    parents: tuple[Parent, ...]
    parts: dict[str, str]
    artifact_key: str
    run_id: str
    due: Due
    why: str
    stored: Result | None

    @property
    def shown(self) -> Params:
        """Its parameters as they are stored: without paths."""
        return shown_params(self.resolved, self.spec.params, self.parts)

    @property
    def private(self) -> list[Path]:
        """The user's paths that it was asked for with."""
        ref = self.spec.dataset
        files = (ref.path, ref.data_dir, ref.reading.test_file, ref.reading.validation_file)
        return [*self.resolved.paths.values(), *(p for p in files if p)]


@dataclass(frozen=True)
class Planner:
    """Decides for a run what is due of it; `prepared` holds the data sets by name."""

    prepared: Mapping[str, Prepared]
    store: Store
    policy: CachePolicy
    device: str

    def _earlier(self, asked: RunIdentity, run_id: str) -> Result | None:
        """The newest stored result of what was asked for, whatever it was made with."""
        alike = (self.store.find(name) for name in self._stored.get(_stem(run_id), ()))
        same = [result for result in alike if result and _request(RunIdentity.of_result(result)) == asked]
        return max(same, key=lambda result: order_in_time(result.outcome.started_at), default=None)

    @functools.cached_property
    def _stored(self) -> dict[str, list[str]]:
        """The stored runs by recipe, data set and seed, as their names have them: a store may hold many thousands."""
        names: dict[str, list[str]] = {}
        for name in self.store.run_ids():
            names.setdefault(_stem(name), []).append(name)
        return names

    def plan(self, spec: RunSpec, parents: Sequence[Parent] = ()) -> PlannedRun:
        """What is due of a run whose parents, if it has any, are trained."""
        recipe = load_recipe(spec.recipe)
        spec = replace(spec, measured=spec.measured and recipe.timed)
        prepared, store, policy = self.prepared[spec.dataset.name], self.store, self.policy
        resolved = recipe.resolve(spec.params)
        parts = artifact_parts(
            recipe, resolved, spec.params, spec.seed, prepared.train_hash, self.device, spec.trained_on, parents
        )
        key = digest(parts)
        run_id = f"{spec.recipe}-{slug(prepared.name)}-s{spec.seed}-{key[:10]}"
        stored, fresh = store.find(run_id), "trained already"
        if stored is not None and stored.data.split_hash not in (None, prepared.test_hash):
            fresh = f"{run_id} was scored on other test rows"
            run_id = f"{run_id}-{prepared.test_hash[:6]}"
            stored = store.find(run_id)
        due, why = _due(spec, prepared, store, key, stored)
        if due == "predict" and stored is None:
            why = fresh
        if due == "train" and stored is None and (before := self._earlier(_as_stored(spec, resolved, parts), run_id)):
            why = explain_miss(parts, before.identity.key_parts)
        if stored is None and store.is_newer(run_id):
            due, why = "skip", "newer software has stored it: upgrade sentibench"
        if policy == "retrain" and due in ("nothing", "measure", "predict"):
            due, why = "train", "asked to run again (--cache retrain)"
        if policy == "only-stored" and due != "nothing":
            due, why = ("nothing", "stored") if stored else ("skip", "not stored, and --cache only-stored runs nothing")
        return PlannedRun(spec, recipe, resolved, prepared, tuple(parents), parts, key, run_id, due, why, stored)

    def plan_all(self, specs: Iterable[RunSpec]) -> list[PlannedRun]:
        """Of runs that have no parents."""
        return [self.plan(spec) for spec in specs]


def _stem(run_id: str) -> str:
    """A run's name without its hashes: `linear-emotions-s0`."""
    return HASHES.sub("", run_id)


def parent_of(result: Result) -> Parent:
    """A stored run as the parent of another."""
    return Parent(result.run_id, result.identity.artifact or "", result.data.normalization)


def _due(spec: RunSpec, prepared: Prepared, store: Store, key: str, stored: Result | None) -> tuple[Due, str]:
    due, why = _due_with_artifact(spec, prepared, store, stored)
    artifact = (stored and stored.identity.artifact) or "none"
    altered = store.is_altered(artifact)
    if (due == "nothing" and not altered) or stored_artifact(store, key):  # one that is gone is made when it is needed
        return due, why
    if stored is None:
        return "train", "never run"
    if due == "nothing":
        return "train", "its artifact was altered"
    return "train", f"{why}, and its artifact {'was altered' if altered else 'is not in the store'}"


def _due_with_artifact(spec: RunSpec, prepared: Prepared, store: Store, stored: Result | None) -> tuple[Due, str]:
    """What would be due if the artifact is there."""
    if stored is None:
        return "predict", "trained already"
    outcome, identity = stored.outcome, stored.identity
    if outcome.status != "ok" and outcome.phase != "measure":
        return "predict", f"last time: {outcome.status} ({outcome.reason})"
    if identity.evaluation_key != evaluation_key(identity.artifact or "", prepared.test_hash):
        return "predict", "the test data or the scoring changed"
    damaged = store.damaged(stored)
    if "predictions" in damaged:
        return "predict", "its predictions.npz is damaged or gone"
    if spec.measured and "samples" in damaged:
        return "measure", "its samples.npz is damaged or gone"
    if spec.measured and identity.measurement_key != current_measurement_key(identity.artifact or "", spec.limit):
        return "measure", "not measured on this machine by today's protocol"
    return "nothing", "stored"


def current_measurement_key(artifact: str, limit: int | None) -> str:
    """The measurement key that holds here and now, of a run on at most `limit` rows of each split."""
    return measurement_key(artifact, schedule_of(limit).protocol, machine_id(), thread_counts(cores()))


def _as_stored(spec: RunSpec, resolved: Resolved, parts: Mapping[str, str]) -> RunIdentity:
    """The identity that the result of a run has in the store: without paths and parents."""
    shown = replace(spec, params=shown_params(resolved, spec.params, parts), parents=()).identity
    return _request(replace(shown, dataset=Path(spec.dataset.name).name))


def _request(identity: RunIdentity) -> RunIdentity:
    """What was asked for, whatever the content of the files that the parameters name."""
    params = re.sub(rf"@[0-9a-f]{{{DIGITS}}}\b", "", identity.model.params)
    return replace(identity, model=replace(identity.model, params=params))
