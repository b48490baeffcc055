"""How long a model takes to learn from new labels: low-rank adapters on its encoder, beside the training that made it.

python -m benchmarks.lora_update RUN --store .sentibench --labels 500

The new labels are validation texts, so the time is measured and not what is learned.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np

from bench.api import Split
from bench.data import DatasetRef
from bench.machine import machine_id
from bench.params import with_defaults
from bench.registry import load_recipe
from bench.run.datasets import prepared_dataset
from bench.store import Store
from transformers_pt.update import update

RECIPE = {"r": 4, "alpha": 32, "lora_dropout": 0.01, "targets": "query", "epochs": 3}
"""As `serving learn` has them by default."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("--store", type=Path, default=Path(".sentibench"))
    parser.add_argument("--labels", type=int, default=500)
    given = parser.parse_args()
    store = Store(given.store)
    result = store.result(given.run)
    validation = prepared_dataset(DatasetRef(result.data.dataset), store, result.data.limit).validation()
    chosen = np.random.default_rng(0).permutation(len(validation))[: given.labels]
    rows = ([validation.ids[i] for i in chosen], [validation.texts[i] for i in chosen], validation.labels[chosen])
    train = Split(*rows, validation.label_names)
    with tempfile.TemporaryDirectory() as name:
        started = time.perf_counter()
        params = with_defaults(load_recipe("lora"), RECIPE)
        with redirect_stdout(sys.stderr):  # what the library logs
            log = update(store.artifacts / str(result.identity.artifact), train, params, 0, Path(name))
        seconds = time.perf_counter() - started
    print(f"{result.run_id}: {len(train)} new labels in {seconds:.1f} s, {log.trainable_share:.2%} of the weights")
    whole = result.outcome.train_seconds
    if whole and result.environment.machine == machine_id():
        print(f"its own training took {whole:.0f} s: {whole / seconds:.0f} ×")


if __name__ == "__main__":
    main()
