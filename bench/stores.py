"""A store as a user names it: a folder, or a URL, for which this machine has a folder to work in."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from urllib.parse import urlsplit

from bench.data.locate import cache_root
from bench.durable import write_atomic
from bench.errors import BenchError, did_you_mean
from bench.shared.remote import Remote
from bench.store import Store

OBJECTS = ("s3", "gs", "az")
SCHEMES = (*OBJECTS, "postgresql")
URL_FILE = "url"
"""Of the folder to work in: it holds the URL."""


def open_store(where: str | Path) -> Store:
    """The store in a folder, or behind a URL; a `BenchError` where it is none or does not answer."""
    root = store_folder(where)
    if not (root / URL_FILE).is_file():
        return Store(root)
    from bench.shared.store import SharedStore

    return SharedStore(root, open_remote((root / URL_FILE).read_text()))


def store_folder(where: str | Path) -> Path:
    """The folder of a store on this machine, which for a URL is one to work in."""
    return _working_folder(where) if isinstance(where, str) and "://" in where else Path(where)


def place_of(folder: Path) -> str:
    """The URL that this is the folder to work in of, else its whole path."""
    marker = folder / URL_FILE
    return marker.read_text() if marker.is_file() else str(folder.resolve())


def _working_folder(url: str) -> Path:
    """The folder of a URL on this machine, which remembers it; a `BenchError` for a URL of no store."""
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES:
        raise BenchError(f"--store {url}: '{parts.scheme}' is no kind of store: {did_you_mean(parts.scheme, SCHEMES)}")
    if not parts.netloc:
        raise BenchError(f"--store {url}: it names no {'bucket' if parts.scheme in OBJECTS else 'server'}")
    if parts.password is not None:
        shown = url.replace(f":{parts.password}@", "@")
        raise BenchError(f"--store {shown}: a password in a URL is seen by others: put it in ~/.pgpass or PGPASSWORD")
    url = url.rstrip("/")
    name = re.sub(r"[^a-z0-9]+", "-", f"{parts.netloc}{parts.path}".lower()).strip("-")[:60]
    folder = cache_root("stores") / f"{name}-{hashlib.sha256(url.encode()).hexdigest()[:8]}"
    if not (folder / URL_FILE).is_file():
        write_atomic(folder / URL_FILE, url.encode())
    return folder


def open_remote(url: str) -> Remote:
    """The server that a URL of a store names."""
    if urlsplit(url).scheme in OBJECTS:
        from bench.shared.object_storage import ObjectStorage

        return ObjectStorage(url)
    from bench.shared.postgres import open_postgres

    return open_postgres(url)
