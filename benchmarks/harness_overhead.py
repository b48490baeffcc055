"""What the harness costs: a run of `linear` on `toy` through `python -m bench`, against the recipe called directly.

    python benchmarks/harness_overhead.py [--repeats 5]

Both do the same work in fresh processes (read the data, train, predict test and validation); the harness also
verifies, scores with bootstrap intervals, hashes the artifact and stores. Prints medians and the pairwise ratio.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

DIRECT = """
import sys, tempfile
from pathlib import Path
from bench.data import DatasetRef, load
from bench.registry import load_recipe
data, recipe = load(DatasetRef("toy")), load_recipe("linear")
with tempfile.TemporaryDirectory() as folder:
    recipe.fit(data.train, data.validation, dict(recipe.defaults), 0, Path(folder))
    predictor = recipe.load(Path(folder))
    predictor.predict_proba(data.test.texts)
    predictor.predict_proba(data.validation.texts)
"""


def _seconds(command: list[str], folder: str) -> float:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "SENTIBENCH_STORE": folder}
    started = time.perf_counter()
    subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    harness = [sys.executable, "-m", "bench", "run", "-r", "linear", "-d", "toy", "--measure", "none"]
    pairs = []
    for _ in range(repeats + 1):
        with tempfile.TemporaryDirectory() as store:
            pairs.append((_seconds(harness, store), _seconds([sys.executable, "-c", DIRECT], store)))
    pairs = pairs[1:]  # the first pair warms the file cache
    through, direct = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"through the harness {through:.2f} s, directly {direct:.2f} s, ratio {ratio:.2f}")
    print(f"overhead {through - direct:.2f} s a run")
    with tempfile.TemporaryDirectory() as store:
        many = _seconds([*harness, "--seeds", "0-9"], store)
        print(f"ten runs in one command: {many / 10:.2f} s a run")
        print(f"the same ten again, all cached: {_seconds([*harness, '--seeds', '0-9'], store):.2f} s in all")


if __name__ == "__main__":
    main()
