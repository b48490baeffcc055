"""Speed and memory of `serving predict --engine ray` with one worker and with several, on the same files.

`python -m benchmarks.ray_scoring RUN --store .sentibench --rows 1000000 --workers 1 2`: texts of the run's validation
split, again and again, in Parquet files of `--file-rows` rows. The speed is that while all workers are at work: without
the first two files of each, as one may begin later than another, and without the last one of each. What it takes to
start Ray and to load the model is told apart. Memory is the largest that one worker had. As many processes score the
same files without Ray: what the cores give. All of that in rounds, of which medians count and ratios within each.
"""

from __future__ import annotations

import argparse
import multiprocessing
import multiprocessing.queues
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from bench.run.core_set import core_set
from bench.stats.rounds import ratio
from bench.stores import open_store
from benchmarks.advantage import shown
from benchmarks.http_load import validation_texts
from serving.batch import Job, score
from serving.collector import freeze_loaded
from serving.live_model import served
from serving.trust import Trust

LOOK_SECONDS = 2.0
"""Between two looks at the memory of workers, whose peaks stay: looking takes from the cores that are measured."""


class Taken(NamedTuple):
    """One round with so many workers."""

    speed: float
    """Texts a second on Ray."""
    start: float
    """Seconds until the first file was ready."""
    whole: float
    """Seconds from the command to its end."""
    peak: float
    """Megabytes of the largest worker."""
    bare: float
    """Texts a second of as many processes without Ray."""


def main() -> None:
    """Score the files with each number of workers, in rounds, and print a table of medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("--store", type=Path, default=Path(".sentibench"))
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--file-rows", type=int, default=50_000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=6)
    options = parser.parse_args()
    texts = cycle(validation_texts(options))
    with tempfile.TemporaryDirectory() as folder:
        size = options.file_rows
        for number in range(max(5 * max(options.workers), options.rows // size)):
            table = pa.table({"n": range(number * size, (number + 1) * size), "text": list(islice(texts, size))})
            path = Path(folder) / "in" / f"part-{number:04}.parquet"
            path.parent.mkdir(exist_ok=True)
            pq.write_table(table, path)
        rounds = [
            {workers: taken(options, Path(folder), workers) for workers in options.workers}
            for _ in range(options.rounds)
        ]
    print("| workers | texts/s | ratio | without Ray | ratio | start s | whole s | peak MB |")
    print("|---|---|---|---|---|---|---|---|")
    for workers in options.workers:
        own, one = ([of[number] for of in rounds] for number in (workers, options.workers[0]))
        speed, start, whole, peak, bare = (statistics.median(values) for values in zip(*own, strict=True))
        on_ray = shown(ratio([each.speed for each in own], [each.speed for each in one]))
        without = shown(ratio([each.bare for each in own], [each.bare for each in one]))
        print(f"| {workers} | {speed:,.0f} | {on_ray} | {bare:,.0f} | {without} "
              f"| {start:.1f} | {whole:.1f} | {peak:,.0f} |")  # fmt: skip


def taken(options: argparse.Namespace, folder: Path, workers: int) -> Taken:
    """On Ray, by the command; then without it."""
    command = [sys.executable, "-m", "serving", "predict", options.run, "--store", str(options.store)]
    command += ["--engine", "ray", "--workers", str(workers), "-i", str(folder / "in")]
    began, ready, told = time.monotonic(), list[float](), list[str]()
    process = subprocess.Popen([*command, "-o", str(folder / "out")], stderr=subprocess.PIPE, text=True)
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
    whole = time.monotonic() - began
    shutil.rmtree(folder / "out")  # what was scored before is not scored again
    speed = options.file_rows * files_per_second(ready, workers)
    return Taken(speed, ready[0] - began, whole, peak[0], without_ray(options, folder, workers))


def files_per_second(ready: Sequence[float], workers: int) -> float:
    """The speed while all are at work, of the times when files were ready.

    From the mean time of the first files, one a worker, to that of the last ones: between two single times there may be
    a file more or less, which depends on how far apart the workers began.
    """
    at_work = ready[2 * workers : len(ready) - workers]
    first, last = statistics.mean(at_work[:workers]), statistics.mean(at_work[-workers:])
    return (len(at_work) - workers) / (last - first)


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
    return options.file_rows * files_per_second(times, workers)


def work(run: str, store: Path, files: Sequence[Path], ready: multiprocessing.queues.Queue[float]) -> None:
    """Score files as a worker of Ray does; tells when each is ready."""
    with core_set(1):
        model = served(run, Trust(open_store(store), False), calibrated=False)
        freeze_loaded()
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
        time.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    main()
