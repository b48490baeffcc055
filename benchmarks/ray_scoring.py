"""Speed and memory of `serving predict --engine ray` with one worker and with several, on the same files.

`python -m benchmarks.ray_scoring RUN --store .sentibench --rows 1000000 --workers 1 2`: texts of the run's validation
split, again and again, in Parquet files of 50,000 rows. The speed is that from the first file that is ready to the
last; starting Ray and loading the model is told apart. Memory is the largest that one worker had.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from itertools import cycle, islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.http_load import validation_texts

FILE = 50_000


def main() -> None:
    """Score the files with each number of workers and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("--store", type=Path, default=Path(".sentibench"))
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    texts, first = cycle(validation_texts(options)), 0.0
    print("workers   texts/s  ratio  start s  peak MB")
    with tempfile.TemporaryDirectory() as folder:
        for number in range(max(2, options.rows // FILE)):
            table = pa.table({"n": range(number * FILE, (number + 1) * FILE), "text": list(islice(texts, FILE))})
            path = Path(folder) / "in" / f"part-{number:04}.parquet"
            path.parent.mkdir(exist_ok=True)
            pq.write_table(table, path)
        for workers in options.workers:
            speed, start, peak = scored(options, Path(folder), workers)
            first = first or speed
            print(f"{workers:7}{speed:10,.0f}{speed / first:7.2f}{start:9.1f}{peak:9,.0f}", flush=True)


def scored(options: argparse.Namespace, folder: Path, workers: int) -> tuple[float, float, float]:
    """Texts a second, seconds until the first file was ready, and the peak megabytes of a worker."""
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
    # the files that are ready with the first one, of the other workers, are under way then
    return FILE * (len(ready) - 1) / (ready[-1] - ready[0]), ready[0] - began, peak[0]


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
