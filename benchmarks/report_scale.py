"""How long `compare` and `report` take over many stored results.

    python -m benchmarks.report_scale 1000 10000

For each number a store of synthetic results is written to a temporary folder; both commands run in fresh processes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.store import Store
from tests.report.synthetic import grid, result

DATASETS = ("emotions", "covid19-5", "tweeteval-sentiment-rebuilt", "imdb", "sst2", "toy", "tweeteval-emotion", "tsatc")
SEEDS = 3
N_TEST = 2_000
WITH_PREDICTIONS = 1_000
"""Results that get predictions: only those of the drawn models are read, and writing them takes long."""


def write_store(store: Store, count: int) -> None:
    """`count` results: as many variants of the usual models as it takes, on eight data sets, three seeds each."""
    variants = grid(-(-count // (len(DATASETS) * SEEDS)))
    made = 0
    for model in variants:
        for dataset in DATASETS:
            for seed in range(SEEDS):
                if made == count:
                    return
                document, arrays = result(model, seed, dataset, N_TEST)
                if made < WITH_PREDICTIONS:
                    store.put(document, arrays)
                else:  # without the store's flush to disk, which is timed elsewhere
                    folder = store.folder(document.run_id)
                    folder.mkdir(parents=True)
                    (folder / "result.json").write_text(document.model_dump_json(indent=1))
                made += 1


def timed(arguments: list[str]) -> tuple[float, int]:
    """Seconds and peak resident megabytes of a command from the start of its process."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "bench", *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{arguments} ended with status {status}")
    return time.perf_counter() - start, usage.ru_maxrss // 1024


def main() -> None:
    for count in [int(argument) for argument in sys.argv[1:]] or [1_000, 10_000]:
        with tempfile.TemporaryDirectory() as folder:
            store = Store(Path(folder, "store"))
            write_store(store, count)
            for arguments in (["compare"], ["export"], ["report", "--no-texts", "--out", f"{folder}/reports"]):
                seconds, peak = timed([*arguments, "--store", str(store.root)])
                print(f"{count:>6} results  {arguments[0]:<8} {seconds:6.1f} s  peak {peak} MB", flush=True)
            size = Path(folder, "reports", "index.html").stat().st_size / 1e6
            print(f"{count:>6} results  index.html {size:.1f} MB", flush=True)


if __name__ == "__main__":
    main()
