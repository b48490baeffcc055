"""A worker that is not timed gives back memory that it has no use for."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from bench.run.launcher import UNTIMED
from tests.conftest import ROOT

HOLES = """
import sys, time
import numpy as np
from bench.run.memory import return_freed_memory

def resident():
    return int(open("/proc/self/status").read().split("VmRSS:")[1].split()[0]) // 1000

blocks = [np.ones(131_072) for _ in range(400)]  # a megabyte each
del blocks[::2]
before = resident()
if sys.argv[1] == "on":
    return_freed_memory(0.05)
until = time.monotonic() + 20
while resident() > before - 150 and time.monotonic() < until and sys.argv[1] == "on":
    time.sleep(0.05)
print(before - resident())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="of glibc")
def test_holes_between_what_lives_are_given_back() -> None:
    given = {
        mode: int(
            subprocess.run(
                [sys.executable, "-c", HOLES, mode], env=os.environ | UNTIMED | {"PYTHONPATH": str(ROOT)},
                capture_output=True, text=True, check=True,
            ).stdout
        )
        for mode in ("on", "off")
    }  # fmt: skip
    assert given["on"] >= 150 and given["off"] < 50, given
