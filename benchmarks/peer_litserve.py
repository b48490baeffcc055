"""Requests a second of `serving http` beside LitServe with the same artifact, sent by the same client.

    pip install litserve==0.2.19
    python -m benchmarks.peer_litserve RUN --store .sentibench

Both hold one copy of the model, run as many threads, collect up to 32 requests for 5 ms at most and answer with all
probabilities in JSON. The client of `http_load` sends single texts of validation over connections that are kept. The
servers take turns, each started anew in every round. The client needs a core itself: lower bounds, on an idle machine.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from bench.api import load_artifact
from bench.stats.rounds import ratio
from bench.store import Store
from benchmarks.advantage import Advantage
from benchmarks.http_load import loaded, served, validation_texts

try:
    from litserve import LitAPI
except ModuleNotFoundError:  # the parent needs none
    LitAPI = object

BATCH, WAIT_MS = 32, 5.0


def main() -> None:
    """A server of theirs, or the rounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("--store", type=Path, default=Path(".sentibench"))
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.port:
        store = Store(options.store)
        serve(store.artifact(str(store.result(options.run).identity.artifact)), options.port)
    else:
        compare(options)


class Classifier(LitAPI):
    """An artifact behind LitServe, as its documentation batches a classifier. Of the module, as it starts anew."""

    def __init__(self, artifact: Path) -> None:
        super().__init__(max_batch_size=BATCH, batch_timeout=WAIT_MS / 1000)
        self.artifact = artifact

    def setup(self, device: str) -> None:
        """In the worker."""
        self.model = load_artifact(self.artifact)

    def decode_request(self, request: dict[str, str]) -> str:
        """A text."""
        return request["text"]

    def predict(self, texts: list[str]) -> Any:
        """Probabilities, float32 [n, labels]."""
        return self.model.predict_proba(texts)

    def encode_response(self, row: Any) -> dict[str, list[float]]:
        """Of one text."""
        return {"probabilities": row.tolist()}


def serve(artifact: Path, port: int) -> None:
    """Until it is ended."""
    import litserve

    server = litserve.LitServer(Classifier(artifact), accelerator="cpu")
    server.run(port=port, host="127.0.0.1", log_level="error", generate_client_file=False)


def compare(options: argparse.Namespace) -> None:
    """Alternating rounds, then the ratio of requests a second."""
    texts = validation_texts(options)
    their = [sys.executable, "-m", "benchmarks.peer_litserve", options.run, "--store", str(options.store)]
    servers = {"serving http": [*served(options), "--max-batch", str(BATCH)], "LitServe": their}
    taken: dict[str, list[tuple[list[float], float, int]]] = {name: [] for name in servers}
    for _ in range(options.rounds):
        for name, command in servers.items():
            taken[name].append(loaded(command, texts, options))
    for name, rounds in taken.items():
        p50, p99 = np.percentile(np.concatenate([ms for ms, _, _ in rounds]), [50, 99])
        rate = np.median([len(ms) / seconds for ms, seconds, _ in rounds])
        errors = sum(errors for _, _, errors in rounds)
        print(f"{name:13}{rate:8,.0f} requests/s, p50 {p50:.1f} ms, p99 {p99:.1f} ms, {errors} errors")
    rates = [[len(ms) / seconds for ms, seconds, _ in rounds] for rounds in taken.values()]
    figure = f"requests/s over {options.connections} connections"
    print(Advantage("serving http", "LitServe", figure, ratio(rates[0], rates[1])))


if __name__ == "__main__":
    main()
