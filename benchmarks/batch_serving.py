"""Speed and peak memory of `serving predict` on files of two sizes, against what the harness measured of the artifact.

`python -m benchmarks.batch_serving RUN --store .sentibench --rows 100000 1000000`: texts of the run's validation split,
again and again, as CSV to JSON lines. The offline figure is the run's own (batches of 32, all cores, the same machine).
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

from bench.store import Store
from benchmarks.http_load import validation_texts


def main() -> None:
    """Score a file of each size and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("--store", type=Path, default=Path(".sentibench"))
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    options = parser.parse_args()
    texts, offline = validation_texts(options), offline_speed(options)
    print("     rows   texts/s  of offline   peak MB")
    for rows in options.rows:
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "texts.csv"
            write_rows(source, texts, rows)
            speed, peak = scored(options, source)
        share = f"{speed / offline:10.0%}" if offline else f"{'not timed':>10}"
        print(f"{rows:9,}{speed:10,.0f}  {share}{peak:10,.0f}", flush=True)


def offline_speed(options: argparse.Namespace) -> float | None:
    """Texts a second in batches of 32 with the most threads, as the run's row says; None where it was not timed."""
    measured = Store(options.store).result(options.run).measurement
    found = [entry for entry in (measured.latency if measured else []) if entry.scenario == "offline"]
    return max(found, key=lambda entry: entry.threads).texts_per_s if found else None


def write_rows(path: Path, texts: list[str], rows: int) -> None:
    """A CSV of `rows` texts."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text"])
        writer.writerows(enumerate(islice(cycle(texts), rows)))


def scored(options: argparse.Namespace, source: Path) -> tuple[float, float]:
    """Texts a second as the command tells (the model's loading is not in it), and its peak resident megabytes."""
    command = [sys.executable, "-m", "serving", "predict", options.run, "--store", str(options.store)]
    process = subprocess.Popen(
        [*command, "-i", str(source), "-o", str(source.with_suffix(".jsonl"))], stderr=subprocess.PIPE, text=True
    )
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, peak_mb(process.pid))
        time.sleep(0.05)
    told = process.stderr.read() if process.stderr else ""
    if process.returncode:
        sys.exit(told)
    return float(told.split(" rows, ")[1].split(" a second")[0].replace(",", "")), peak


def peak_mb(pid: int) -> float:
    """VmHWM of a process, 0 once it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1000


if __name__ == "__main__":
    main()
