from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from bench.store import Store
from tests.report.conftest import store
from tests.report.synthetic import Model, result
from tests.report.test_report_commands import call

__all__ = ["store"]
Ask = Callable[..., Any]

GOOD = Model("lstm", "units=256", accuracy=0.92, parameters=2_000_000, p50_ms=5.0)
QUICK = Model("linear", accuracy=0.85, parameters=400_000, p50_ms=0.5)
POOR = Model("dnn", accuracy=0.60, parameters=4_000_000, p50_ms=9.0)


def put(store: Store, *models: Model, seeds: int = 3, **changes: object) -> None:
    """Results of those models on emotions, with an artifact for each run."""
    for model in models:
        for seed in range(seeds):
            made, arrays = result(model, seed, n=300, **changes)
            store.put(made, arrays)
            (store.artifacts / str(made.identity.artifact)).mkdir(parents=True, exist_ok=True)


@pytest.fixture(scope="session")
def three(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """To read alone."""
    store = Store(tmp_path_factory.mktemp("three") / "store")
    put(store, GOOD, QUICK, POOR)
    return store


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    """`ask(store, "--max-size-mb", "3")`: the exit code and the one document of `bench recommend --json`."""

    def asked(store: Store, *arguments: str) -> tuple[int, dict[str, Any]]:
        code = call("recommend", "-d", "emotions", "--store", str(store.root), "--json", *arguments)
        (found,) = json.loads(capsys.readouterr().out)
        return code, found

    return asked
