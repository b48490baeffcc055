"""Where published weights lie on this machine: placed whole or not at all, and checked whenever they are read."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from filelock import FileLock

from bench.api import BenchError, cache_root, file_sha256
from bench.durable import move_folder
from transformers_pt.weights.catalog import CATALOG, Published

ORIGIN = "origin.json"
"""Beside the folder with the files: where they came from."""
CHUNK = 1 << 20
Opener = Callable[[str], IO[bytes]]
"""A file of the weights by its name; raises `OSError` or `KeyError` where there is none."""


def home(name: str) -> Path:
    """The folder in the local cache that is for the weights of this name."""
    return cache_root("weights") / name


def placed(name: str) -> Path | None:
    """The folder of the files in Hugging Face layout, or None where the weights are not here."""
    folder = home(name) / "model"
    return folder if folder.is_dir() else None


def origin(name: str) -> str:
    """Where the weights that are here came from."""
    try:
        return str(json.loads((home(name) / ORIGIN).read_text(encoding="utf-8"))["from"])
    except (OSError, ValueError, KeyError):
        return "unknown"


def verified(name: str) -> Path:
    """The folder of the weights, every file of it as published.

    Raises `BenchError` that names the command where they are not here, or altered.
    """
    folder = placed(name)
    how = f"run `python -m transformers_pt weights get {name}`"
    if folder is None:
        size = CATALOG[name].size / 1e6
        raise BenchError(f"backbone {name}: its weights are not here ({size:,.0f} MB); {how}")
    if wrong := differing(folder, CATALOG[name]):
        raise BenchError(f"backbone {name}: {folder / wrong[0]} is not what was published; {how} to have it again")
    return folder


def differing(folder: Path, published: Published) -> list[str]:
    """The names of files that are missing, cut short or of other content."""
    return [name for name, digest in published.files.items() if _digest(folder / name) != digest]


def place(name: str, source: str, opener: Opener) -> Path:
    """Copy the files of the catalogue from `opener` into the cache, each checked on its way.

    Nothing is placed unless all are right. Raises `BenchError` for a missing file, other content, a full disk.
    """
    published, target = CATALOG[name], home(name)
    with staging() as beside:
        for file, digest in published.files.items():
            _copy(opener, file, digest, beside / "model" / file, source)
        (beside / ORIGIN).write_text(json.dumps({"from": source}) + "\n", encoding="utf-8")
        if target.is_dir():
            shutil.rmtree(target)
        move_folder(beside, target)
    return target / "model"


@contextmanager
def staging() -> Iterator[Path]:
    """A new folder on the file system of the cache, gone afterwards; a full disk is a `BenchError`."""
    root = cache_root("weights")
    try:
        root.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(dir=root, prefix=".get-"))
        try:
            yield beside
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    except OSError as error:
        reason = error.strerror or error
        raise BenchError(f"cannot write to {root}: {reason}; free space or choose another $SENTIBENCH_CACHE") from None


def locked(name: str) -> FileLock:
    """One process at a time brings weights of this name."""
    root = cache_root("weights")
    root.mkdir(parents=True, exist_ok=True)
    return FileLock(root / f".{name}.lock")


def _copy(opener: Opener, file: str, digest: str, target: Path, source: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    sha = hashlib.sha256()
    try:
        stream = opener(file)
    except (FileNotFoundError, KeyError):
        raise BenchError(f"{source} has no {file}") from None
    with stream, target.open("wb") as out:
        while block := _read(stream, file, source):
            sha.update(block)
            out.write(block)
    if sha.hexdigest() != digest:
        raise BenchError(
            f"{file} of {source} is of another content: SHA-256 {sha.hexdigest()[:12]}…, not {digest[:12]}…"
        )


def _read(stream: IO[bytes], file: str, source: str) -> bytes:
    try:
        return stream.read(CHUNK)
    except (zipfile.BadZipFile, zlib.error, EOFError):
        raise BenchError(f"{file} of {source} cannot be unpacked: its archive is damaged") from None


def _digest(path: Path) -> str | None:
    try:
        return file_sha256(path)
    except OSError:
        return None
