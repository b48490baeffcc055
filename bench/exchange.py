"""Runs copied from one store to another, with their artifacts; another content under one name is refused."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.arrays import read_arrays
from bench.durable import remove, write_atomic
from bench.errors import BenchError, one_line
from bench.split_labels import FOLDER as SPLITS
from bench.split_labels import references
from bench.store import Store

FILES = ("predictions.npz", "samples.npz", "log.txt", "result.json")
"""Of a run; the last one makes the others count."""


@dataclass(frozen=True)
class Copied:
    """What a copy has brought, and what was there already."""

    runs: tuple[str, ...]
    artifacts: int
    there: int


def copy_runs(source: Store, target: Store, run_ids: Collection[str]) -> Copied:
    """Copy these runs, or all for none, and what they were made of; nothing is replaced.

    Raises `BenchError`, before anything is copied, for a run that both have with other content, and for an artifact
    that is damaged.
    """
    if source.root.resolve() == target.root.resolve():
        raise BenchError(f"{source.place} is this store: name another one")
    wanted = list(with_parents(source, run_ids or source.run_ids()))
    if not wanted:
        raise BenchError(f"no results in {source.place}: is it a store?")
    with target.writing():
        target.refresh()
        new = [run_id for run_id in wanted if _is_new(source, target, run_id)]
        for run_id in wanted:
            check_artifact(source, run_id)
        artifacts = sum([_bring_artifact(source, target, run_id) for run_id in wanted])
        for run_id in new:
            with target.claim(source.read(run_id).identity.artifact_key, lambda line: None):
                target.refresh([run_id])
                if _is_new(source, target, run_id):
                    _bring_run(source, target, run_id)
    return Copied(tuple(new), artifacts, len(wanted) - len(new))


def with_parents(store: Store, run_ids: Collection[str]) -> Iterator[str]:
    """Parents before their children, each once; a parent that is gone is left out."""
    told: set[str] = set()

    def walk(run_id: str) -> Iterator[str]:
        if run_id in told:
            return
        told.add(run_id)
        parent = store.result(run_id).identity.parent_run_id
        if parent is not None and store.find(parent) is not None:
            yield from walk(parent)
        yield run_id

    for run_id in run_ids:
        yield from walk(run_id)


def _is_new(source: Store, target: Store, run_id: str) -> bool:
    """Whether the target has no such run; a `BenchError` where it has another one of that name."""
    if not target.file(run_id, "result.json").is_file():
        return True
    for name in FILES:
        if _content(source.file(run_id, name)) != _content(target.file(run_id, name)):
            raise BenchError(
                f"{run_id}: its {name} in {target.place} is another one than in {source.place}; nothing was copied: "
                "remove one of them (`bench rm`), or leave it out by naming the runs that you want"
            )
    return False


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def check_artifact(source: Store, run_id: str) -> None:
    """A `BenchError` where the artifact of a run is there and damaged."""
    artifact = source.read(run_id).identity.artifact or "none"
    if source.is_altered(artifact):
        raise BenchError(f"{run_id}: its artifact in {source.place} was altered; `bench run` there trains it again")


def _bring_artifact(source: Store, target: Store, run_id: str) -> bool:
    """With the record of its training; False where the source has none, or the target has it."""
    identity = source.read(run_id).identity
    if identity.artifact is None or not source.has_artifact(identity.artifact):
        return False
    there = target.is_intact(identity.artifact)
    if not there:
        _copy_folder(source.artifact(identity.artifact), target, identity.artifact)
    record = source.record(identity.artifact_key)
    if record is not None and target.record(identity.artifact_key) is None:
        target.write_record(identity.artifact_key, record)
    return not there


def _copy_folder(folder: Path, target: Store, name: str) -> None:
    copied = target.work / f"copy-{name}"
    with target.claim(f"copy-{name}", lambda line: None):
        if target.is_intact(name):
            return
        try:
            remove(copied)
            shutil.copytree(folder, copied)
            target.adopt(copied)
        except OSError as error:
            raise BenchError(f"cannot copy the artifact {name[:12]}… to {target.place}: {one_line(error)}") from error
        finally:
            remove(copied)


def _bring_run(source: Store, target: Store, run_id: str) -> None:
    files = {name: content for name in FILES if (content := _content(source.file(run_id, name))) is not None}
    if "predictions.npz" in files:  # published ones refer to the ids and labels of their split
        for name in references(read_arrays(source.file(run_id, "predictions.npz"))).values():
            _bring_split(source.root / SPLITS / f"{name}.npz", target.root / SPLITS / f"{name}.npz")
    target.write(run_id, files)


def _bring_split(source: Path, target: Path) -> None:
    content = source.read_bytes()
    if target.is_file() and target.read_bytes() != content:
        raise BenchError(f"{target} has other ids or labels than {source}, under one name")
    if not target.is_file():
        write_atomic(target, content)
