"""What a kept teacher saves: two students of one teacher, one after the other, and the second one again without it.

    python benchmarks/distill_cache.py [--dataset toy] [--teacher 'finetune[epochs=1]'] [--student static]

Trains the teacher in a store of its own, then distils: the first student asks the teacher, the second finds its words
in the cache, the third has the work of the second with the cache removed. Prints the seconds of each training and what
is saved.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def _run(store: Path, dataset: str, recipe: str, *more: str) -> dict[str, object]:
    """The row of a run."""
    before = set((store / "results").glob("*")) if store.is_dir() else set()
    command = [sys.executable, "-m", "bench", "run", "-r", recipe, "-d", dataset, "--measure", "none", *more]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "SENTIBENCH_STORE": str(store)}
    subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    (made,) = set((store / "results").glob("*")) - before
    return json.loads((made / "result.json").read_text())


def _seconds(row: dict[str, dict[str, float]]) -> float:
    return row["outcome"]["train_seconds"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="toy")
    parser.add_argument("--teacher", default="finetune[epochs=1]")
    parser.add_argument("--student", default="static[epochs=1]")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder)
        teacher = str(_run(store, options.dataset, options.teacher)["run_id"])
        told = {}
        for number, name in enumerate(("asks its teacher", "finds the teacher's words", "asks again")):
            if name == "asks again":
                shutil.rmtree(store / "cache" / "teachers")
            recipe = f"distill[student={options.student},alpha={0.9 - number / 100:g}]"
            told[name] = _seconds(_run(store, options.dataset, recipe, "--parent", teacher))
            print(f"a student that {name}: {told[name]:.1f} s")
    saved = told["asks again"] - told["finds the teacher's words"]
    print(f"saved: {saved:.1f} s, {saved / told['asks again']:.0%} of a training with its teacher's pass")


if __name__ == "__main__":
    main()
