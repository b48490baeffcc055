"""Examples a second of fine-tuning in TensorFlow against PyTorch: same encoder, rows, batch and precision.

`python -m benchmarks.frameworks_training --store .sentibench`: TinyBERT size (4 × 312) on COVID-19 tweets, each
line in a process of its own, by the recipes' own clocks (training steps alone). The steady speed is that of the later
epochs: XLA compiles in the first one.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

LINES: dict[str, tuple[str, dict[str, Any]]] = {
    "PyTorch, float32": ("finetune", {"precision": "float32"}),
    "PyTorch, bfloat16": ("finetune", {"precision": "bfloat16"}),
    "TensorFlow, float32": ("tinybert", {"precision": "float32"}),
    "TensorFlow, float32, XLA": ("tinybert", {"precision": "float32", "jit_compile": True}),
    "TensorFlow, bfloat16": ("tinybert", {"precision": "mixed_bfloat16"}),
    "TensorFlow, bfloat16, XLA": ("tinybert", {"precision": "mixed_bfloat16", "jit_compile": True}),
}
START = {"finetune": "backbone", "tinybert": "checkpoint"}
BATCH, RATE, LENGTH = 32, 3e-4, 128
EPOCHS = (1, 3)


def main() -> None:
    """Time each line and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, default=Path(".sentibench"))
    parser.add_argument("--encoder", default="tweets-tinybert4")
    parser.add_argument("--rows", type=int, default=3200)
    parser.add_argument("--only", type=int, nargs="+", metavar="N", help="these lines of the table, from 0")
    parser.add_argument("--line", help=argparse.SUPPRESS)
    parser.add_argument("--epochs", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.line is not None:
        print(json.dumps(trained(options)))
        return
    base = None
    print(f"{'':28}examples/s  steady  ratio (steady)")
    for name in [list(LINES)[i] for i in options.only or range(len(LINES))]:
        seconds = {epochs: options.rows * epochs / speed(name, epochs) for epochs in EPOCHS}
        first, last = EPOCHS
        steady = options.rows * (last - first) / (seconds[last] - seconds[first])
        base = base or steady
        print(f"{name:28}{options.rows * last / seconds[last]:10.1f} {steady:7.1f} {steady / base:6.2f}", flush=True)


def speed(name: str, epochs: int) -> float:
    """Examples a second of a training in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.frameworks_training", *sys.argv[1:], "--line", name]
    run = subprocess.run([*command, "--epochs", str(epochs)], check=True, capture_output=True, text=True)
    return float(json.loads(run.stdout.splitlines()[-1]))


def trained(options: argparse.Namespace) -> float:
    """Train one line and return what its recipe says of its speed."""
    from dataclasses import replace

    from bench.data import DatasetRef, prepare
    from bench.params import with_defaults
    from bench.registry import load_recipe

    prepared = prepare(DatasetRef("covid19-5"), options.store / "prepared")
    train, validation = prepared.train(), prepared.validation()
    some = replace(
        train, ids=train.ids[: options.rows], texts=train.texts[: options.rows], labels=train.labels[: options.rows]
    )
    check = replace(validation, ids=validation.ids[:200], texts=validation.texts[:200], labels=validation.labels[:200])
    name, changes = LINES[options.line]
    shared = {
        "batch_size": BATCH,
        "learning_rate": RATE,
        "max_length": LENGTH,
        "dropout": 0.1,
        "epochs": options.epochs,
    }
    recipe = load_recipe(name)
    params = with_defaults(recipe, shared | changes | {START[name]: options.encoder, "patience": options.epochs})
    with tempfile.TemporaryDirectory() as folder:
        return recipe.fit(some, check, params, 0, Path(folder)).examples_per_second or 0.0


if __name__ == "__main__":
    main()
