"""`data fetch`: bring a published set into the local cache. Only what the manifest vouches for gets there."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from bench.data.locate import cache_root
from bench.data.manifest import Entry, SourceFile, entry
from bench.data.published import locate, read_located
from bench.data.sources.hub import from_hub
from bench.data.sources.kaggle import from_kaggle
from bench.data.sources.url import download
from bench.data.stream import open_verified
from bench.errors import DataError, StoreError

Report = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class Fetched:
    """What a fetch did: where the data lies now, whether anything was downloaded, and what is still missing."""

    paths: tuple[Path, ...]
    downloaded: bool
    missing: str | None = None


def fetch(name: str, report: Report = lambda url, done, total: None) -> Fetched:
    """Download a set of the manifest, verify it, and only then move it into the local cache.

    What is there already and right is not downloaded again. A download that was cut leaves only parts in a folder that
    no reader looks into; the next call goes on from them where the source can, and starts over where it cannot.
    """
    found = entry(name)
    if not found.files:
        raise DataError(f"'{name}' is generated and always there; nothing is to be fetched")
    root = cache_root()
    if (paths := _complete(found)) is not None:
        return Fetched(paths, downloaded=False)
    if not (found.urls or found.hub or found.kaggle):
        raise DataError(f"'{name}' cannot be fetched by this command; put its files into {root} from {found.source}")
    try:
        root.mkdir(parents=True, exist_ok=True)
        with _locked(root / f".{name}.lock"):
            staging = root / f".fetch-{name}"
            _download(found, staging, report)
            paths = _install(found, staging, root)
    except OSError as error:
        reason = error.strerror or error
        raise StoreError(f"cannot write to {root}: {reason}; free space or choose another $SENTIBENCH_CACHE") from None
    try:
        read_located(found, locate(found, None))
    except DataError as error:
        return Fetched(paths, downloaded=True, missing=str(error))
    return Fetched(paths, downloaded=True)


def _complete(found: Entry) -> tuple[Path, ...] | None:
    """The files of a set that is there. A wrong copy is an error, but for one in the cache: that is fetched again."""
    try:
        located = locate(found, None)
    except DataError:
        return None
    paths = tuple(located.paths.values())
    try:
        read_located(found, located)
    except DataError:
        if all(path.is_relative_to(cache_root()) for path in paths):
            return None
        raise
    return paths


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    try:
        with FileLock(path, timeout=0):
            yield
    except Timeout:
        raise DataError(f"another process is fetching into {path.parent}; wait for it") from None


def _download(found: Entry, staging: Path, report: Report) -> None:
    for relative, url in found.urls.items():
        path = staging / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            download(url, path, report)
    if found.urls:
        return
    shutil.rmtree(staging, ignore_errors=True)  # converted again: the clients keep what they downloaded
    if found.hub is not None:
        from_hub(found, staging)
    else:
        from_kaggle(found, staging)


def _install(found: Entry, staging: Path, root: Path) -> tuple[Path, ...]:
    """Verify what was downloaded and move it into the cache; nothing is moved if one file is wrong."""
    made = [path for path in sorted(staging.rglob("*")) if path.is_file() and path.suffix != ".part"]
    try:
        for path in made:
            with open_verified(path, found.files.get(str(path.relative_to(staging)), SourceFile())):
                pass
        if found.fetched is not None:
            read_located(found, locate(found, staging))
    except DataError:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    placed = []
    for path in made:
        target = root / path.relative_to(staging)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
        placed.append(target)
    shutil.rmtree(staging, ignore_errors=True)
    return tuple(placed)
