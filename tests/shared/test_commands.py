"""Commands of several machines on one store behind a URL."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import yaml

from bench.errors import BenchError
from bench.stores import open_store
from tests.conftest import Bench, bench_environment
from tests.forks import Fork, start
from tests.shared.conftest import Shared

SMOKE = ("--smoke", "--measure", "none")


@pytest.mark.parametrize("shared", ["s3", "az", "postgresql"], indirect=True)
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


@pytest.mark.slow
@pytest.mark.parametrize("shared", ["s3", "az", "postgresql"], indirect=True)
def test_two_commands_on_two_machines_share_a_suite(bench: Bench, shared: Shared, tmp_path: Path) -> None:
    """Each run is trained by one of them, parents before children, and both end with the whole board."""
    runs = [
        {"id": "parent", "recipe": "bayes", "grid": {"alpha": [1, 2, 3]}, "params": {"pause": 1.0}},
        {"recipe": "trimmed", "parent": "parent"},
    ]
    suite = tmp_path / "suite.yaml"
    suite.write_text(yaml.safe_dump({"name": "suite", "datasets": ["toy"], "seeds": [0, 1], "runs": runs}))
    command = ("run", str(suite), *SMOKE, "--store", shared.where)

    def begun(machine: str) -> Fork:
        settings = bench_environment(tmp_path) | shared.variables | {"SENTIBENCH_CACHE": str(tmp_path / machine)}
        streams = (os.devnull, str(tmp_path / f"{machine}.out"), str(tmp_path / f"{machine}.err"))
        return start("bench", "bench", *command, environment=settings, folder=tmp_path, streams=streams)

    both = [begun("one"), begun("two")]
    assert [process.wait(500) for process in both] == [0, 0], (tmp_path / "two.err").read_text()
    told = [(tmp_path / f"{machine}.out").read_text() for machine in ("one", "two")]
    trained = [len(re.findall(r"^✓ .*trained in", text, re.MULTILINE)) for text in told]
    assert sum(trained) == 12 and all(trained), told
    assert all("another command has made it" in text for text in told), "each met what the other had made"
    results = list(shared.open("reader").read_all())
    assert len(results) == 12 and all(result.outcome.status == "ok" for result in results)
    boards = [text[text.index("rows a split") :] for text in told]
    assert boards[0] == boards[1] and boards[0].count("±") == 6, boards
