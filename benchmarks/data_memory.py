"""Peak memory and time of preparing 1.6 million tweets in Sentiment140's layout: `python benchmarks/data_memory.py`.

The file is generated (latin-1, no header, six quoted fields, 0 or 4) and prepared in a process of its own.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
TRAIN = "sentiment140/training.1600000.processed.noemoticon.csv"
TEST = "sentiment140/testdata.manual.2009.06.14.csv"


def write_tweets(path: Path, counts: dict[str, int], seed: int) -> None:
    """Rows of tweets of 74 characters on average, as Sentiment140's, `counts` of each polarity."""
    source = random.Random(seed)
    words = ["".join(source.choices("abcdefghijklmnopqrstuvwxyz", k=source.randint(2, 9))) for _ in range(20_000)]
    words += ["caf\xe9", "na\xefve", "@someone", "http://t.co/x", "&lt;3", 'quot"ed', "a,b"]
    with path.open("w", encoding="latin-1", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        for polarity, rows in counts.items():
            for i in range(rows):
                text = " ".join(source.choices(words, k=source.randint(4, 18)))
                writer.writerow([polarity, 10_000_000 + i, "Mon Apr 06 22:19:45 PDT 2009", "NO_QUERY", "someone", text])


def write_set(folder: Path, rows: int) -> None:
    """The files, and the manifest entry of Sentiment140 with their rows in place of its own."""
    (folder / "sets").mkdir()
    (folder / "data" / "sentiment140").mkdir(parents=True)
    write_tweets(folder / "data" / TRAIN, {"0": rows // 2, "4": rows // 2}, seed=1)
    write_tweets(folder / "data" / TEST, {"0": 177, "2": 139, "4": 182}, seed=2)
    sheet = yaml.safe_load((ROOT / "bench" / "data" / "sets" / "sentiment140.yaml").read_text())
    sheet["splits"]["train"] |= {"rows": rows, "counts": {"negative": rows // 2, "positive": rows // 2}}
    sheet["files"] = {TRAIN: {}, TEST: {}}
    (folder / "sets" / "sentiment140.yaml").write_text(yaml.safe_dump(sheet))


def prepare_here(folder: Path) -> dict[str, float]:
    """Prepare the set in this process; seconds and peak resident bytes."""
    from bench.data import DatasetRef, manifest, prepare
    from bench.measure.memory import peak_rss_bytes

    manifest.SETS = folder / "sets"
    start = time.perf_counter()
    prepared = prepare(DatasetRef("sentiment140", data_dir=folder / "data"), folder / "prepared")
    seconds = time.perf_counter() - start
    return {"train": prepared.meta.n_train, "seconds": round(seconds, 1), "peak_bytes": peak_rss_bytes()}


def main() -> None:
    """Generate, prepare in a fresh process, print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_600_000)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.folder is not None:
        print(json.dumps(prepare_here(arguments.folder)))
        return
    with tempfile.TemporaryDirectory() as name:
        write_set(Path(name), arguments.rows)
        subprocess.run([sys.executable, __file__, "--folder", name], check=True)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
