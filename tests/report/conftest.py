from __future__ import annotations

from pathlib import Path

import pytest

from bench.store import Store
from tests.report.synthetic import Model, failure, fill, result


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture(scope="session")
def full_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Every kind of model on two data sets, with failures and names that want to break out of the page."""
    store = Store(tmp_path_factory.mktemp("full") / "store")
    fill(store, ("emotions",), n=300)
    lstm = Model("lstm", "units=4096", epochs=3)
    store.put(
        failure(lstm, status="out_of_memory", reason="killed at 21.3 GB; lower units", log_tail="<b>MemoryError</b>")
    )
    store.put(failure(Model("dnn", epochs=6), seed=3))
    hostile = ("<script>alert(1)</script>", "$\\frac{1}{$", "a&b|c", "naïve 😀")
    for seed in range(3):
        for model in (Model("linear"), Model("lstm", "name=</script><b>x", epochs=4)):
            notes = ["rebuilt: its train text is a reconstruction", "<i>synthetic</i>"]
            made, arrays = result(model, seed, "hostile", 300, hostile, f"hostile-{model.recipe}-{seed}", notes=notes)
            store.put(made, arrays)
    return store
