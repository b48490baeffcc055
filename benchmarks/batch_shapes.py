"""Batch prediction by an encoder: does another number of texts a batch, or a batch a core, make it faster?

`python -m benchmarks.batch_shapes RUN --store .sentibench`: texts of validation, sorted by length as they are served.
Batches of 32 texts, as they are served, against batches of so many tokens, padding included; each batch on all cores,
or a batch a core by copies of the model that have one thread each. In turns, on an idle machine. Of OpenVINO
there are no copies: it would pin the threads of all to one core.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import numpy as np
import numpy.typing as npt

from bench.api import load_artifact
from bench.machine import cores
from bench.run.remeasure import stored_run
from bench.stats.rounds import ratio
from bench.stores import open_store
from benchmarks.advantage import shown
from transformers_pt.predictor import SLICE, EncoderPredictor, pad

TOKENS = (512, 1024, 2048)
Batches = Sequence[npt.NDArray[np.intp]]
"""The numbers of the texts of each."""


def main() -> None:
    """A line for each shape and way, against what is served."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("--store", default=".sentibench")
    parser.add_argument("--texts", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    store = open_store(options.store)
    run = stored_run(store, options.run)
    folder = store.artifact(str(run.stored.identity.artifact))
    texts = run.prepared.validation().texts[: options.texts]
    whole = loaded(folder, cores())
    ids = whole.encoder.windows(texts).rows
    shapes: dict[str, Batches] = {f"{SLICE} texts": list(by_texts(ids))}
    shapes |= {f"{tokens:,} tokens": list(by_tokens(ids, tokens)) for tokens in TOKENS}
    ways = {"all cores": one_by_one(whole, ids)}
    if whole.runtime != "openvino":
        ways["a batch a core"] = side_by_side(folder, ids)
    calls = {(shape, way): (run, batches) for shape, batches in shapes.items() for way, run in ways.items()}
    rounds = [
        {key: seconds(call, batches) for key, (call, batches) in calls.items()} for _ in range(options.rounds + 1)
    ]
    taken = {key: [one[key] for one in rounds[1:]] for key in calls}
    served = taken[next(iter(calls))]
    print(f"{len(texts):,} texts of {np.mean([len(row) for row in ids]):.0f} tokens, {options.rounds} rounds\n")
    print("| a batch | on | texts/s | ratio |\n|---|---|---|---|")
    for (shape, way), own in taken.items():
        print(f"| {shape} | {way} | {len(texts) / np.median(own):,.0f} | {shown(ratio(served, own))} |")
    cut = np.median([seconds(whole.encoder.windows, texts) for _ in range(options.rounds)])
    print(f"\ncutting the texts into tokens: {100 * cut / (np.median(served) + cut):.1f} % of the time")


def loaded(folder: Path, threads: int) -> EncoderPredictor:
    """The model with so many threads."""
    given = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = str(threads)
    try:
        predictor = load_artifact(folder)
    finally:
        os.environ.pop("OMP_NUM_THREADS") if given is None else os.environ.update(OMP_NUM_THREADS=given)
    if not isinstance(predictor, EncoderPredictor):
        raise SystemExit("give a run of an encoder")
    return predictor


def by_length(ids: Sequence[list[int]]) -> npt.NDArray[np.intp]:
    """Numbers of the texts, the shortest first."""
    return np.argsort([len(row) for row in ids], kind="stable")


def by_texts(ids: Sequence[list[int]]) -> Iterator[npt.NDArray[np.intp]]:
    """As they are served."""
    order = by_length(ids)
    return (order[start : start + SLICE] for start in range(0, len(order), SLICE))


def by_tokens(ids: Sequence[list[int]], most: int) -> Iterator[npt.NDArray[np.intp]]:
    """As many texts as have at most so many tokens, each as long as the longest; one at least."""
    order, start = by_length(ids), 0
    for end in range(1, len(order) + 1):
        if end == len(order) or (end + 1 - start) * len(ids[order[end]]) > most:
            yield order[start:end]
            start = end


def one_by_one(predictor: EncoderPredictor, ids: Sequence[list[int]]) -> Callable[[Batches], object]:
    """Each batch by all threads of one model."""
    return lambda batches: [answer(predictor, ids, batch) for batch in batches]


def side_by_side(folder: Path, ids: Sequence[list[int]]) -> Callable[[Batches], object]:
    """As many batches at once as there are cores."""
    free: SimpleQueue[EncoderPredictor] = SimpleQueue()
    for _ in range(cores()):
        free.put(loaded(folder, 1))

    def by_one_that_is_free(batch: npt.NDArray[np.intp]) -> None:
        predictor = free.get()
        answer(predictor, ids, batch)
        free.put(predictor)

    pool = ThreadPoolExecutor(cores())
    return lambda batches: list(pool.map(by_one_that_is_free, batches))


def answer(predictor: EncoderPredictor, ids: Sequence[list[int]], batch: npt.NDArray[np.intp]) -> None:
    """Padded, and through the network."""
    predictor._logits(pad([ids[i] for i in batch], predictor.pad_id))


def seconds(call: Callable[..., object], *arguments: object) -> float:
    """That a call takes."""
    started = time.perf_counter()
    call(*arguments)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
