"""Speed and memory of `serving predict --engine ray` with one worker and with several, on the same files.

`python -m benchmarks.ray_scoring RUN --store .sentibench --rows 1000000 --workers 1 2`: texts of the run's validation
split, again and again, in Parquet files of 25,000 rows. The speed is that while all workers are at work: without the
first two files of each, as one may begin later than another, and without the last one of each. What it takes to start
Ray and to load the model is told apart. Memory is the largest that one worker had. As many processes score the same
files without Ray: what the cores give.
"""

from __future__ import annotations

import argparse
import multiprocessing
import multiprocessing.queues
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bench.run.core_set import core_set
from bench.stores import open_store
from benchmarks.http_load import validation_texts
from serving.batch import Job, score
from serving.live_model import served
from serving.trust import Trust

FILE = 25_000


def main() -> None:
    """Score the files with each number of workers and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("--store", type=Path, default=Path(".sentibench"))
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    texts, first = cycle(validation_texts(options)), (0.0, 0.0)
    print("workers   texts/s  ratio   without Ray  ratio  start s  whole s  peak MB")
    with tempfile.TemporaryDirectory() as folder:
        for number in range(max(4 * max(options.workers), options.rows // FILE)):
            table = pa.table({"n": range(number * FILE, (number + 1) * FILE), "text": list(islice(texts, FILE))})
            path = Path(folder) / "in" / f"part-{number:04}.parquet"
            path.parent.mkdir(exist_ok=True)
            pq.write_table(table, path)
        for workers in options.workers:
            speed, start, whole, peak = scored(options, Path(folder), workers)
            bare = without_ray(options, Path(folder), workers)
            first = first if any(first) else (speed, bare)
            told = f"{workers:7}{speed:10,.0f}{speed / first[0]:7.2f}{bare:14,.0f}{bare / first[1]:7.2f}"
            print(f"{told}{start:9.1f}{whole:9.1f}{peak:9,.0f}", flush=True)


def scored(options: argparse.Namespace, folder: Path, workers: int) -> tuple[float, float, float, float]:
    """Texts a second, seconds until the first file was ready, of the whole, and the peak megabytes of a worker."""
    command = [sys.executable, "-m", "serving", "predict", options.run, "--store", str(options.store)]
    command += ["--engine", "ray", "--workers", str(workers), "-i", str(folder / "in")]
    began, ready, told = time.monotonic(), list[float](), list[str]()
    process = subprocess.Popen([*command, "-o", str(folder / f"out-{workers}")], stderr=subprocess.PIPE, text=True)
    peak = [0.0]
    watch = threading.Thread(target=watch_workers, args=(process, peak))
    watch.start()
    for line in process.stderr or ():
        told.append(line)
        if line.startswith("✓"):
            ready.append(time.monotonic())
    watch.join()
    if process.wait():
        sys.exit("".join(told))
    return rate(ready, workers), ready[0] - began, time.monotonic() - began, peak[0]


def rate(ready: Sequence[float], workers: int) -> float:
    """Texts a second while all are at work, of the times when files were ready."""
    first, last = 2 * workers, len(ready) - 1 - workers
    return FILE * (last - first) / (ready[last] - ready[first])


def without_ray(options: argparse.Namespace, folder: Path, workers: int) -> float:
    """Texts a second of processes that share the files, with a core each."""
    context, files = multiprocessing.get_context("spawn"), sorted((folder / "in").iterdir())
    ready: multiprocessing.queues.Queue[float] = context.Queue()
    processes = [
        context.Process(target=work, args=(options.run, options.store, files[number::workers], ready))
        for number in range(workers)
    ]
    for process in processes:
        process.start()
    times = sorted(ready.get() for _ in files)
    for process in processes:
        process.join()
    return rate(times, workers)


def work(run: str, store: Path, files: Sequence[Path], ready: multiprocessing.queues.Queue[float]) -> None:
    """Score files as a worker of Ray does; tells when each is ready."""
    with core_set(1):
        model = served(run, Trust(open_store(store), False), calibrated=False)
        for file in files:
            target = file.parent.parent / "without-ray" / file.name
            target.parent.mkdir(exist_ok=True)
            score(Job(file, target, None, None, overwrite=True), model, lambda count: None)
            ready.put(time.monotonic())


def watch_workers(process: subprocess.Popen[str], peak: list[float]) -> None:
    """The largest resident size that a worker has had so far, until the command has ended."""
    while process.poll() is None:
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                if "ray::MapWorker" in (status.parent / "cmdline").read_text():
                    peak[0] = max(peak[0], int(status.read_text().split("VmHWM:")[1].split()[0]) / 1000)
            except (OSError, IndexError):
                continue
        time.sleep(0.2)


if __name__ == "__main__":
    main()
