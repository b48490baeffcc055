"""What an executor adds to a run: runs that wait a fixed time, through the local executor and through Ray.

`python -m benchmarks.executor_overhead --seconds 60`: a command of one run and a command of three. What each further
run takes beyond its own time is the overhead a run; the rest of the first command is its start.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNS = 3


def main() -> None:
    """Both executors in turn, and a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="that a training waits")
    wait: float = parser.parse_args().seconds
    print("| executor | start s | a run s | overhead of a run |\n|---|---|---|---|")
    for executor in ("local", "ray"):
        one, several = (taken(executor, wait, runs) for runs in (1, RUNS))
        a_run = (several - one) / (RUNS - 1)
        print(f"| {executor} | {one - a_run:.1f} | {a_run:.2f} | {100 * (a_run / wait - 1):.1f} % |", flush=True)


def taken(executor: str, wait: float, runs: int) -> float:
    """Seconds of a command of so many runs, in a store of its own."""
    recipe = f"bayes[pause={wait}]"
    with tempfile.TemporaryDirectory() as store:
        environment = os.environ | {"PYTHONPATH": str(ROOT), "SENTIBENCH_RECIPES": str(ROOT / "tests" / "recipes")}
        command = [sys.executable, "-m", "bench", "run", "-r", recipe, "-d", "toy", "--measure", "none"]
        command += ["--seeds", f"0-{runs - 1}", "--executor", executor, "--store", store]
        started = time.perf_counter()
        done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)
        seconds = time.perf_counter() - started
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return seconds


if __name__ == "__main__":
    main()
