"""One finished search for all tests that look at one, and searches as processes of their own."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

from bench.search.summary import Summary, read_summary
from tests.conftest import bench_environment
from tests.forks import Fork
from tests.forks import start as begin

SEARCHED = ("search", "epochal[pause=0.1]", "-d", "toy", "--trials", "7", "--study", "seven")
QUIET = ("--measure", "none", "--seeds", "none")


def start(tmp_path: Path, *arguments: str) -> Fork:
    """`python -m bench …` under way."""
    descriptor, log = tempfile.mkstemp(".log", dir=tmp_path)
    os.close(descriptor)
    streams = (os.devnull, log, log)
    return begin(
        "bench", "bench", *arguments, environment=bench_environment(tmp_path), folder=tmp_path, streams=streams
    )


def finish(process: Fork) -> str:
    """Its output; it must have ended well."""
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    return output


def summary_of(tmp_path: Path, study: str) -> Summary:
    """The published summary of a study."""
    return read_summary(tmp_path / "store" / "searches" / f"{study}.json")


def without_times(summary: Summary) -> list[dict[str, Any]]:
    """What a search found, without times."""
    rows = json.loads(summary.model_dump_json())["trials"]
    return [{key: row[key] for key in row if key not in ("seconds", "started_at")} for row in rows]


@pytest.fixture(scope="session")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven trials in one go, the best with a fresh seed, and its refit; the folder with the store."""
    folder = tmp_path_factory.mktemp("searched")
    finish(start(folder, *SEARCHED, "--measure", "none", "--seeds", "1", "--refit"))
    return folder
