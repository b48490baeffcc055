"""Removes runs from a store, and what nothing else in it needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from bench.errors import BenchError
from bench.run.trained import read_trained
from bench.schema import Result
from bench.store import Store


@dataclass(frozen=True)
class Removal:
    """What goes."""

    runs: tuple[str, ...]
    artifacts: tuple[str, ...]
    """Of those runs, which no other result was made with or is."""
    bytes: int


def failed(results: Iterable[Result]) -> list[str]:
    """The runs that did not end well."""
    return [result.run_id for result in results if result.outcome.status != "ok"]


def smoke(results: Iterable[Result]) -> list[str]:
    """The runs on a few rows."""
    return [result.run_id for result in results if result.data.limit is not None]


def plan(store: Store, run_ids: Collection[str]) -> Removal:
    """What goes with these runs. A `BenchError` for a run that another one, which stays, was made of."""
    results = list(store.read_all())
    going = {store.result(run_id).run_id for run_id in run_ids}  # names the nearest right one
    staying = [result for result in results if result.run_id not in going]
    for result in staying:
        identity = result.identity
        for above in {identity.parent_run_id, identity.teacher_run_id} & going:
            raise BenchError(f"run {result.run_id} was made of {above}: remove it as well, or keep both")
    named = {prefix for result in staying for prefix in _artifacts(result)}
    own = {r.identity.artifact for r in results if r.run_id in going and r.identity.artifact}
    artifacts = sorted(a for a in own if not any(a.startswith(prefix) for prefix in named))
    folders = [*(store.folder(run_id) for run_id in going), *(store.artifacts / a for a in artifacts)]
    size = sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())
    return Removal(tuple(sorted(going)), tuple(artifacts), size)


def carry_out(store: Store, removal: Removal) -> None:
    """Remove it; the caller holds the store's lock. A kill in the middle leaves nothing that a result names."""
    for run_id in removal.runs:
        store.remove_run(run_id)
    for key, content in store.records().items():
        record = read_trained(content)
        if record is not None and record.artifact in removal.artifacts:
            store.remove_record(key)
    for artifact in removal.artifacts:
        store.remove_artifact(artifact)


def _artifacts(result: Result) -> set[str]:
    """The artifacts that a result is of or was made of, or the beginnings of their hashes."""
    return {*result.identity.key_parts.get("parent", "").split(), result.identity.artifact or ""} - {""}
