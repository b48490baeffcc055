"""A store in object storage (`s3://`, `gs://`, `az://`), to push runs to and to pull them from.

It has the folders of a store. Objects are made, never replaced (conditional writes), `result.json` after all else of a
run, so that of two writers of one name one wins and the other is told, and a run that is cut off does not count.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.arrays import read_arrays
from bench.artifact import artifact_files, is_intact
from bench.errors import BenchError, one_line
from bench.exchange import FILES, Copied, check_artifact, copy_runs, with_parents
from bench.requirements import install_command
from bench.schema import parse
from bench.split_labels import FOLDER as SPLITS
from bench.split_labels import references
from bench.store import Store

if TYPE_CHECKING:
    from obstore.store import ObjectStore


def is_url(text: str) -> bool:
    """Whether it names object storage rather than a folder."""
    return "://" in text


def push_runs(source: Store, url: str, run_ids: Collection[str]) -> Copied:
    """Copy these runs, or all for none, and what they were made of; nothing is replaced.

    Raises `BenchError`, before anything is sent, for a run that is there with other content, and for a damaged
    artifact.
    """
    wanted = list(with_parents(source, run_ids or source.run_ids()))
    if not wanted:
        raise BenchError(f"no results in {source.results}: is it a store?")
    with _opened(url) as remote:
        new = [run_id for run_id in wanted if _is_new(source, remote, run_id)]
        for run_id in wanted:
            check_artifact(source, run_id)
        artifacts = sum([_push_artifact(source, remote, run_id) for run_id in wanted])
        for run_id in new:
            _push_run(source, remote, run_id)
    return Copied(tuple(new), artifacts, len(wanted) - len(new))


def pull_runs(url: str, target: Store, run_ids: Collection[str]) -> Copied:
    """The other way: all that is asked for is brought beside the target first, then copied as from a folder."""
    with target.writing(), _opened(url) as remote:
        target.work.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="pull-", dir=target.work) as folder:
            staged = Store(Path(folder))
            wanted = list(run_ids or remote.run_ids())
            if not wanted:
                raise BenchError(f"no results in {url}: is it a store?")
            while wanted:
                run_id = wanted.pop()
                if not staged.folder(run_id).exists():
                    wanted += _pull_run(remote, staged, target, run_id)
            return copy_runs(staged, target, ())


@dataclass(frozen=True)
class _Remote:
    """The objects below a URL, by their paths in the store."""

    url: str
    objects: ObjectStore

    def get(self, path: str) -> bytes | None:
        """The content of an object, None where there is none."""
        try:
            return bytes(self.objects.get(path).bytes())
        except FileNotFoundError:
            return None

    def create(self, path: str, content: bytes | Path) -> bool:
        """Whether it was made; not where it was there. In one part, as several have no condition."""
        from obstore.exceptions import AlreadyExistsError

        try:
            self.objects.put(path, content, mode="create", use_multipart=False)
        except AlreadyExistsError:
            return False
        return True

    def paths(self, prefix: str) -> list[str]:
        """Of the objects below a folder."""
        return [found["path"] for batch in self.objects.list(prefix) for found in batch]

    def run_ids(self) -> list[str]:
        """The runs that count."""
        found = (path.split("/") for path in self.paths("results"))
        return sorted(parts[1] for parts in found if parts[2:] == ["result.json"])


@contextmanager
def _opened(url: str) -> Iterator[_Remote]:
    """The storage; whatever it cannot do is a `BenchError` in one line."""
    try:
        from obstore.exceptions import BaseError
        from obstore.store import from_url
    except ModuleNotFoundError as error:
        raise BenchError(f"{url} needs '{error.name}': {install_command('obstore')}") from None
    try:
        yield _Remote(url, from_url(url))
    except BenchError:
        raise
    except (BaseError, OSError, ValueError) as error:
        raise BenchError(f"{url}: cannot be reached: {one_line(error)}") from None


def _is_new(source: Store, remote: _Remote, run_id: str) -> bool:
    """Whether the storage has no such run; a `BenchError` where it has another one of that name."""
    if remote.get(f"results/{run_id}/result.json") is None:
        return True
    for name in FILES:
        _same(remote, f"results/{run_id}/{name}", _content(source.folder(run_id) / name))
    return False


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _same(remote: _Remote, path: str, content: bytes | None) -> None:
    if remote.get(path) != content:
        raise BenchError(
            f"{path} in {remote.url} is another one than here, under one name: leave that run out by naming the runs "
            "that you want, or remove one of them"
        )


def _push_artifact(source: Store, remote: _Remote, run_id: str) -> bool:
    """With the record of its training; False where there is none here, or all of it is there."""
    identity = source.read(run_id).identity
    folder = source.artifacts / (identity.artifact or "none")
    if identity.artifact is None or not folder.is_dir():
        return False
    there, sent = set(remote.paths(f"artifacts/{identity.artifact}")), False
    for file in artifact_files(folder):
        path = f"artifacts/{identity.artifact}/{file.relative_to(folder).as_posix()}"
        # whoever makes it, a path below this hash has one content
        sent = (path not in there and remote.create(path, file)) or sent
    if (record := _content(source.keys / f"{identity.artifact_key}.json")) is not None:
        remote.create(f"keys/{identity.artifact_key}.json", record)
    return sent


def _push_run(source: Store, remote: _Remote, run_id: str) -> None:
    folder = source.folder(run_id)
    files = {f"results/{run_id}/{name}": _content(folder / name) for name in FILES}  # `result.json` last
    for name in _splits_of(folder):
        splits = {f"{SPLITS}/{name}.npz": _content(source.root / SPLITS / f"{name}.npz")}
        files = splits | files
    for path, content in files.items():
        if content is not None and not remote.create(path, content):
            _same(remote, path, content)


def _splits_of(folder: Path) -> list[str]:
    """What published predictions refer to for their ids and labels."""
    path = folder / "predictions.npz"
    return list(references(read_arrays(path)).values()) if path.is_file() else []


def _pull_run(remote: _Remote, staged: Store, target: Store, run_id: str) -> list[str]:
    """Bring a run, and its artifact where the target has none; returns the parent, where it is there."""
    folder = staged.folder(run_id)
    for name in FILES:
        if (content := remote.get(f"results/{run_id}/{name}")) is not None:
            _write(folder / name, content)
    if not (folder / "result.json").is_file():
        raise BenchError(f"no run '{run_id}' in {remote.url}")
    identity = parse((folder / "result.json").read_bytes(), f"{remote.url}/results/{run_id}/result.json").identity
    for name in _splits_of(folder):
        _write(staged.root / SPLITS / f"{name}.npz", remote.get(f"{SPLITS}/{name}.npz") or b"")
    if identity.artifact is not None and not is_intact(target.artifacts / identity.artifact):
        paths = remote.paths(f"artifacts/{identity.artifact}")
        for path in paths:
            _write(staged.root / path, remote.get(path) or b"")
        if paths and not is_intact(staged.artifacts / identity.artifact):
            raise BenchError(f"the artifact of {run_id} in {remote.url} is not whole: push it again")
    if (record := remote.get(f"keys/{identity.artifact_key}.json")) is not None:
        _write(staged.keys / f"{identity.artifact_key}.json", record)
    parent = identity.parent_run_id
    return [parent] if parent and remote.get(f"results/{parent}/result.json") is not None else []


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
