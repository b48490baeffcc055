"""Commands of several machines on one store behind a URL."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.stores import open_store
from tests.conftest import Bench
from tests.shared.conftest import Shared

SMOKE = ("--smoke", "--measure", "none")


@pytest.mark.parametrize("shared", ["s3", "postgresql"], indirect=True)
def test_one_machine_goes_on_with_what_another_has_made(bench: Bench, shared: Shared, tmp_path: Path) -> None:
    def on(machine: str, *command: str) -> str:
        cache = {"SENTIBENCH_CACHE": str(tmp_path / machine)}
        done = bench(*command, "--store", shared.where, **shared.variables, **cache)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    on("one", "run", "-r", "bayes", "-d", "toy", *SMOKE)
    (parent,) = on("two", "list", "runs").split()
    assert "Everything is cached" in on("two", "run", "-r", "bayes", "-d", "toy", *SMOKE)
    on("two", "run", "-r", "trimmed", "--parent", parent, *SMOKE)
    child = next(run for run in on("one", "list", "runs").split() if run != parent)
    assert shared.open("three").result(child).identity.parent_run_id == parent
    on("three", "report", "--no-texts", "--out", "page")
    assert "all numbers agree in 2 runs" in on("four", "verify")
    on("one", "rm", child, "--yes")
    assert on("two", "list", "runs").split() == [parent]
    assert len(shared.open("five").artifact_names()) == 1
    assert not any((shared.open("one").root / "work").glob("*"))


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("s4://team/store", "'s4' is no kind of store: did you mean 's3'"),
        ("s3:///store", "names no bucket"),
        ("postgresql://me:secret@db/x?artifacts=/a", "a password in a URL is seen by others"),
        ("postgresql://me@db/x", "where do artifacts go?"),
        ("postgresql://me@127.0.0.1:1/x?artifacts={folder}", "onnection refused"),
    ],
)
def test_a_url_of_no_store_is_told_in_one_line(
    url: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("psycopg")
    monkeypatch.setenv("SENTIBENCH_CACHE", str(tmp_path))
    with pytest.raises(BenchError, match=re.escape(told)) as refused:
        open_store(url.replace("{folder}", str(tmp_path / "artifacts")))
    assert str(refused.value).isprintable() and "secret" not in str(refused.value)
