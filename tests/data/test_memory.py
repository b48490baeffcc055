from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.conftest import ROOT


@pytest.mark.slow
def test_1_600_000_tweets_are_prepared_in_under_2_gb() -> None:
    script = ROOT / "benchmarks" / "data_memory.py"
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True, timeout=550)
    found = json.loads(done.stdout)
    assert found["train"] == 1_440_000
    assert found["peak_bytes"] < 2_000_000_000
