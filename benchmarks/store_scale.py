"""How the store grows: to look up a run, plan, store, and end a run that is cached, at 100 to 100,000 results.

`python -m benchmarks.store_scale 100 1000 10000 100000`: synthetic results of eight data sets in a temporary folder,
and one real run of `linear` on `toy`. Storing is timed with the flush to disk; storing and planning over 200 runs.
`--kind s3` or `--kind postgresql` times the same of a store in moto or in a PostgreSQL server on this machine. The
first look at all results, which brings each of them once, has a column of its own; a look-up is one without it. Beside
it, in turns, the same document is asked for plainly: read, by boto3, or by a query. moto goes through all objects for
each thousand that it lists: beyond 10,000 results look-up and storing alone are timed.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import pytest

from bench.data import DatasetRef
from bench.expand import suite_specs
from bench.run.datasets import prepare_all
from bench.run.plan import Planner
from bench.spec import Suite, SuiteDataset, SuiteRun
from bench.store import Store
from bench.stores import open_remote, open_store
from benchmarks.report_scale import DATASETS, N_TEST
from tests.object_storage import s3_server
from tests.postgres_server import new_database, postgres_server
from tests.report.synthetic import grid, result

TRIES = 200
LISTED_BY_MOTO = 10_000
RUN = ("run", "-r", "linear", "-d", "toy", "--smoke", "--measure", "none")


def main() -> None:
    """A line for each number of results; the store of one is the beginning of the next."""
    parser = argparse.ArgumentParser()
    parser.add_argument("counts", nargs="*", type=int, default=[100, 1000, 10_000, 100_000])
    parser.add_argument("--kind", choices=list(KINDS), default="folder")
    options = parser.parse_args()
    print("results  first look s  look-up ms  plainly ms  plan ms  store ms  cached `bench run` s")
    with tempfile.TemporaryDirectory() as folder, KINDS[options.kind](Path(folder)) as where:
        os.environ["SENTIBENCH_CACHE"] = str(Path(folder, "cache"))
        command(where)
        made = 0
        for count in sorted(options.counts):
            names = fill(where, made, count)
            made = count
            listed = options.kind != "s3" or count <= LISTED_BY_MOTO
            print(f"{count:7,}{line(where, names, listed)}", flush=True)


def line(where: str, names: Sequence[str], listed: bool) -> str:
    """What is timed of a store in which these results are among others."""
    store, start = open_store(where), time.perf_counter()
    look = f"{len(store.run_ids()) and time.perf_counter() - start:14.2f}" if listed else f"{'–':>14}"
    for name in names:  # the first time brings a copy
        store.find(name)
    other = open_store(where)
    plain = ask_plainly(where)
    looked_up, plainly = timed_in_turns([(partial(other.find, name), partial(plain, name)) for name in names])
    planned = f"{planning(store):9.1f}" if listed else f"{'–':>9}"
    put = storing(store)
    cached = f"{statistics.median(command(where) for _ in range(3)):22.2f}" if listed else f"{'–':>22}"
    return f"{look}{looked_up:12.2f}{plainly:12.2f}{planned}{put:10.1f}{cached}"


def ask_plainly(where: str) -> Callable[[str], object]:
    """What asks for the document of a run without this software."""
    if where.startswith("s3://"):
        import boto3

        client, (bucket, root) = boto3.client("s3"), where.removeprefix("s3://").split("/", 1)
        return lambda name: client.get_object(Bucket=bucket, Key=f"{root}/results/{name}/result.json")["Body"].read()
    if where.startswith("postgresql://"):
        import psycopg

        connection = psycopg.connect(where.split("?")[0], autocommit=True)
        query = "SELECT document::text FROM sentibench_results WHERE run_id = %s"
        return lambda name: connection.execute(query, [name]).fetchone()
    return lambda name: (Path(where) / "results" / name / "result.json").read_bytes()


@contextmanager
def a_folder(folder: Path) -> Iterator[str]:
    """A store on this disk."""
    yield str(folder / "store")


@contextmanager
def a_bucket(folder: Path) -> Iterator[str]:
    """A store in a server of S3's interface."""
    with pytest.MonkeyPatch.context() as patched, s3_server(patched):
        yield "s3://team/store"


@contextmanager
def a_database(folder: Path) -> Iterator[str]:
    """A store in a server of PostgreSQL, which does not flush."""
    with postgres_server() as server:
        yield f"{new_database(server)}?artifacts={folder / 'artifacts'}"


KINDS: dict[str, Callable[[Path], AbstractContextManager[str]]] = {
    "folder": a_folder,
    "s3": a_bucket,
    "postgresql": a_database,
}


def fill(where: str, made: int, count: int) -> list[str]:
    """Copies of a synthetic result, under names of their own, until there are so many; the names of some new ones."""
    left, every, names = copies(made, count), max(1, (count - made) // TRIES), list[str]()

    def write(copy: tuple[str, str]) -> str:
        if remote is not None:
            remote.write(copy[0], {"result.json": copy[1].encode()})
        else:
            Store(Path(where)).folder(copy[0]).mkdir(parents=True)
            (Store(Path(where)).folder(copy[0]) / "result.json").write_text(copy[1])
        return copy[0]

    remote = open_remote(where) if "://" in where else None
    with ThreadPoolExecutor(8 if remote else 1) as pool:
        while some := list(itertools.islice(left, every)):
            names += list(pool.map(write, some))[:1]
    return names


def copies(made: int, count: int) -> Iterator[tuple[str, str]]:
    """Names and documents."""
    for number in range(made, count):
        model = grid(1)[number % len(grid(1))]
        if number - made < len(DATASETS) * 4:
            document, _ = result(model, number % 3, DATASETS[number % len(DATASETS)], N_TEST)
            templates.append((document.run_id, document.model_dump_json(indent=1)))
        of, text = templates[number % len(templates)]
        name = f"{of}-{number:010x}"
        yield name, text.replace(of, name)


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
    return timed([partial(store.put, *each) for each in made])


def timed_in_turns(pairs: Sequence[tuple[Callable[[], object], Callable[[], object]]]) -> tuple[float, float]:
    """Milliseconds, the medians of the first and of the second of each."""
    taken = [(timed([one]), timed([other])) for one, other in pairs]
    first, second = map(statistics.median, zip(*taken, strict=True))
    return first, second


def timed(calls: Sequence[Callable[[], object]]) -> float:
    """Milliseconds, the median of the calls."""
    taken = []
    for call in calls:
        start = time.perf_counter()
        call()
        taken.append(1000 * (time.perf_counter() - start))
    return statistics.median(taken)


def command(where: str) -> float:
    """Seconds of the command from the start of its process."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "bench", *RUN, "--store", where], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
