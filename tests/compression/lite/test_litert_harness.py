"""A family through `python -m bench run`: trained, clustered, exported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Bench

SUITE = """
name: lite
datasets: [toy]
seeds: [0]
measure: none
runs:
  - {id: whole, recipe: dnn}
  - {id: coded, recipe: tfmot, parent: whole, params: {method: cluster}}
  - {recipe: litert, parent: coded, params: {precision: full_int8}}
"""


def _size(row: dict[str, Any]) -> int:
    return int(row["size"]["bytes_on_disk"])


@pytest.mark.slow
def test_a_family_has_its_rows_and_its_reasons(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "lite.yaml").write_text(SUITE)
    done = bench("run", str(tmp_path / "lite.yaml"), "--smoke", TF_CPP_MIN_LOG_LEVEL="3", OMP_NUM_THREADS="1")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [json.loads(path.read_text()) for path in (tmp_path / "store" / "results").glob("*/result.json")]
    named = {(row["identity"]["recipe"], row["outcome"]["status"]): row for row in rows}
    whole, coded = named["dnn", "ok"], named["tfmot", "ok"]
    lite = named["litert", "ok"]
    assert coded["identity"]["parent_run_id"] == whole["run_id"]
    assert lite["identity"]["parent_run_id"] == coded["run_id"]
    assert lite["device"]["runtime"] == "litert"
    assert _size(lite) < _size(whole) and _size(coded) < _size(whole)
