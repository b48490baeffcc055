"""The same store as a folder, in object storage and in PostgreSQL, as several machines see it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.store import Store
from bench.stores import open_store
from tests.object_storage import azure_server, s3_server
from tests.postgres_server import new_database, postgres_server

KINDS = ("folder", "s3", "az", "postgresql")


@dataclass(frozen=True)
class Shared:
    """A store that is empty at first."""

    kind: str
    where: str
    variables: dict[str, str]
    """That lead there."""
    machines: Path

    def open(self, machine: str = "here") -> Store:
        """As a machine of that name sees it: each works in a folder of its own."""
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("SENTIBENCH_CACHE", str(self.machines / machine))
            return open_store(self.where)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    pytest.importorskip("psycopg")
    with postgres_server() as url:
        yield url


@pytest.fixture(params=KINDS)
def shared(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shared]:
    if request.param == "folder":
        yield Shared(request.param, str(tmp_path / "store"), {}, tmp_path)
    elif request.param in ("s3", "az"):
        pytest.importorskip("obstore")
        with (s3_server if request.param == "s3" else azure_server)(monkeypatch) as variables:
            yield Shared(request.param, f"{request.param}://team/store", variables, tmp_path)
    else:
        database = new_database(request.getfixturevalue("server"))
        yield Shared(request.param, f"{database}?artifacts={tmp_path / 'artifacts'}", {}, tmp_path)
