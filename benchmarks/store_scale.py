"""How the store grows: to look up a run, plan, store, and end a run that is cached, at 100 to 100,000 results.

`python -m benchmarks.store_scale 100 1000 10000 100000`: synthetic results of eight data sets in a temporary folder,
and one real run of `linear` on `toy`. Storing is timed with the flush to disk; storing and planning over 200 runs.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.data import DatasetRef
from bench.expand import suite_specs
from bench.run.datasets import prepare_all
from bench.run.plan import Planner
from bench.spec import Suite, SuiteDataset, SuiteRun
from bench.store import Store
from benchmarks.report_scale import DATASETS, N_TEST
from tests.report.synthetic import grid, result

TRIES = 200
RUN = ("run", "-r", "linear", "-d", "toy", "--smoke", "--measure", "none")


def main() -> None:
    """A line for each number of results; the store of one is the beginning of the next."""
    print("results  look-up ms  plan ms  store ms  cached `bench run` s")
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder, "store"))
        command(store)
        for count in sorted(int(argument) for argument in sys.argv[1:] or ["100", "1000", "10000", "100000"]):
            fill(store, count)
            names = store.run_ids()[:: max(1, count // TRIES)]
            looked_up = timed([lambda name=name: store.find(name) for name in names])  # type: ignore[misc]
            planned, put = planning(store), storing(store)
            cached = statistics.median(command(store) for _ in range(3))
            print(f"{count:7,}{looked_up:12.2f}{planned:9.1f}{put:10.1f}{cached:22.2f}", flush=True)


def fill(store: Store, count: int) -> None:
    """Copies of a synthetic result, under names of their own, until there are so many."""
    made = len(store.run_ids())
    for number in range(made, count):
        model = grid(1)[number % len(grid(1))]
        if number - made < len(DATASETS) * 4:
            document, _ = result(model, number % 3, DATASETS[number % len(DATASETS)], N_TEST)
            templates.append((document.run_id, document.model_dump_json(indent=1)))
        of, text = templates[number % len(templates)]
        name = f"{of}-{number:010x}"
        store.folder(name).mkdir(parents=True)
        (store.folder(name) / "result.json").write_text(text.replace(of, name))


templates: list[tuple[str, str]] = []
"""Names and documents that copies are made of."""


def planning(store: Store) -> float:
    """Milliseconds to plan one of many runs that were never made."""
    runs = [SuiteRun(recipe="linear", seeds=list(range(TRIES)))]
    suite = Suite(name="many", datasets=[SuiteDataset(name="toy")], runs=runs)
    prepared, _ = prepare_all([DatasetRef("toy")], set(), store, 60)
    start = time.perf_counter()
    Planner(prepared, store, "reuse", "cpu").plan_all(suite_specs(suite, limit=60))
    return 1000 * (time.perf_counter() - start) / TRIES


def storing(store: Store) -> float:
    """Milliseconds to store a result with its predictions, whole and flushed."""
    made = [result(grid(1)[0], n % 60, "toy", 300, run_id=f"stored-toy-s{n}-0") for n in range(TRIES)]
    return timed([lambda each=each: store.put(*each) for each in made])  # type: ignore[misc]


def timed(calls: list[Callable[[], object]]) -> float:
    """Milliseconds, the median of the calls."""
    taken = []
    for call in calls:
        start = time.perf_counter()
        call()
        taken.append(1000 * (time.perf_counter() - start))
    return statistics.median(taken)


def command(store: Store) -> float:
    """Seconds of the command from the start of its process."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "bench", *RUN, "--store", str(store.root)], check=True, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
