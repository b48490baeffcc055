"""How long the statistics of one leaderboard take, and how much memory.

    python -m benchmarks.board_statistics

100 runs of 12,000 texts, three labels: 33 models of three seeds and one of one. Times are of ranks, ties, intervals and
differences, after the predictions have been read; a process of its own, so that its peak memory is theirs.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from bench.board.aggregate import boards
from bench.board.inference import Inference
from bench.board.predictions import Predictions
from bench.board.rows import rows
from bench.measure.memory import peak_rss_bytes
from bench.store import Store
from tests.report.synthetic import Model, quality, result

TEXTS, LABELS = 12_000, ("negative", "neutral", "positive")


def main() -> None:
    """Print seconds and megabytes."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "store")
        random = np.random.default_rng(0)
        labels = random.integers(0, 3, TEXTS)
        for number in range(100):
            made, arrays = result(
                Model("lstm", f"units={number // 3}"), number % 3, "tweeteval-sentiment-rebuilt", TEXTS, LABELS
            )
            right = random.random(TEXTS) < 0.65 + number / 3000
            predicted = np.where(right, labels, (labels + random.integers(1, 3, TEXTS)) % 3)
            arrays |= {"labels": labels, "probabilities": np.eye(3, dtype=np.float32)[predicted]}
            store.put(made.model_copy(update={"quality": quality(arrays, LABELS)}), arrays)
        read = rows(store.read_all())
        predictions = Predictions(store, read)
        started = time.perf_counter()
        (board,) = boards(read, predictions)
        whole = time.perf_counter() - started
        started = time.perf_counter()
        again = Inference(board.ok_lines, predictions, board.metric)
        ids = [subject for line in board.ok_lines if (subject := again.subject(line))]
        pairs = [again.difference(a, b) for i, a in enumerate(ids) for b in ids[i + 1 :]]
        print(f"{len(read)} runs, {len(board.lines)} models, {TEXTS:,} texts, by {board.metric}")
        print(f"board with its predictions read: {whole:.2f} s; level {again.level:.2g}")
        print(f"all {len(pairs)} pairs: {time.perf_counter() - started:.2f} s; peak {peak_rss_bytes() / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
