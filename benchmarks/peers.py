"""What this project makes beside what people would pick instead: ratios with intervals, all of one session.

`python -m benchmarks.peers models STATIC MODEL2VEC FASTTEXT --store .sentibench`: stored runs of one data set timed in
interleaved rounds of the published protocol; the first against each other one, with score, file and time of training.
`python -m benchmarks.peers pipeline RUN --store .sentibench`: batch prediction by a `finetune` run with `pooling=head`
against `transformers.pipeline` on the same weights and texts, in alternating rounds. On an idle machine.
`python -m benchmarks.peers scores lexicon zeroshot linear --store .sentibench`: what stored runs of recipes score, on
validation and test of each data set; nothing is timed.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console

from bench.api import load_artifact, normalizer, read_card
from bench.board.aggregate import boards
from bench.board.predictions import Predictions
from bench.board.rows import stored_rows
from bench.errors import BenchError
from bench.measure.measurement import summarize
from bench.measure.schedule import PUBLISHED
from bench.metrics import written
from bench.run.execute import Executor
from bench.run.remeasure import stored_run
from bench.run.rounds import sample_of, time_blocks
from bench.run.screen import Screen
from bench.run.session import Block, Contestant, Timed
from bench.schema import Latency, Result
from bench.stats.rounds import Estimate, ratio
from bench.store import Store
from benchmarks.advantage import Advantage


def main() -> None:
    """Time what is named and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=tuple(WHAT))
    parser.add_argument("runs", nargs="+", help="runs; of `scores` recipes")
    parser.add_argument("--store", type=Path, default=Path(".sentibench"))
    parser.add_argument("--seconds", type=float, default=PUBLISHED.min_seconds, help="of a scenario in a round")
    parser.add_argument("--rounds", type=int, default=PUBLISHED.rounds)
    parser.add_argument("--texts", type=int, default=2000, help="of `pipeline`")
    options = parser.parse_args()
    store = Store(options.store)
    WHAT[options.what](store, options)


def models(store: Store, options: argparse.Namespace) -> None:
    """One measuring session of all of them, in a store of its own, so that no row changes."""
    run_ids: list[str] = options.runs
    runs = [stored_run(store, run_id) for run_id in run_ids]
    first = runs[0].prepared
    if any(run.prepared.test_hash != first.test_hash for run in runs):
        raise BenchError("the runs are not of the same test texts: give runs of one data set")
    artifacts = [store.artifacts / str(run.stored.identity.artifact) for run in runs]
    contestants = tuple(map(Contestant, run_ids, artifacts))
    schedule = replace(PUBLISHED, rounds=options.rounds, min_seconds=options.seconds)
    block = Block(first.name, sample_of(first.test_texts()[1]), len(first.label_names), schedule, contestants)
    with tempfile.TemporaryDirectory() as folder, Screen(Console(stderr=True), 1) as screen:
        for _, _, timed in time_blocks(Executor(Store(Path(folder)), screen), [block], screen.print_line):
            report([run.stored for run in runs], [timed[run_id] for run_id in run_ids])


def report(stored: list[Result], timed: list[Timed]) -> None:
    """A line a model, then what the first is ahead by of each other one."""
    sizes, seconds = [], []
    for result in stored:
        assert result.size is not None and result.quality is not None and result.outcome.train_seconds is not None
        sizes.append(result.size.bytes_on_disk)
        seconds.append(result.outcome.train_seconds)
        score, mb = result.quality.accuracy.value, sizes[-1] / 1e6
        print(f"{result.run_id}: accuracy {score:.4f}, {mb:.2f} MB, trained in {seconds[-1]:.1f} s")
    rows = [[row for row in summarize(one.rounds)[0].latency if row.bucket == "all"] for one in timed]
    ours = stored[0].identity.recipe
    for peer, result, size, trained in zip(rows[1:], stored[1:], sizes[1:], seconds[1:], strict=True):
        recipe = result.identity.recipe
        for own, other in zip(rows[0], peer, strict=True):
            figure = f"{ASKED[own.scenario]}, {own.threads} thread{'s' * (own.threads > 1)}"
            print(Advantage(ours, recipe, figure, ratio(_texts_per_s(own), _texts_per_s(other))))
        print(Advantage(ours, recipe, "times smaller", Estimate(size / sizes[0])))
        print(Advantage(ours, recipe, "times faster to train", Estimate(trained / seconds[0])))


ASKED = {"single_stream": "texts/s one by one", "offline": "texts/s in bulk"}


def _texts_per_s(row: Latency) -> list[float]:
    """Of each round; of single texts by their median."""
    return [1e3 / p50 for p50 in row.rounds_p50_ms] if row.scenario == "single_stream" else row.rounds_texts_per_s


def pipeline(store: Store, options: argparse.Namespace) -> None:
    """The same weights by our predictor and by the library's pipeline."""
    import transformers

    run = stored_run(store, options.runs[0])
    folder = store.artifacts / str(run.stored.identity.artifact)
    if run.stored.identity.params.get("pooling") != "head":
        raise BenchError(f"{run.run_id}: give a run with pooling=head, which `transformers` can load alone")
    texts = sample_of(run.prepared.test_texts()[1])[: options.texts]
    ours = load_artifact(folder)
    classify = transformers.pipeline("text-classification", str(folder), top_k=None, trust_remote_code=False)
    clean = [*map(normalizer(read_card(folder)["normalization"]), texts)]  # not in its time, as it has none of its own
    length = getattr(ours, "encoder").max_length  # noqa: B009

    def theirs() -> list[list[dict[str, float]]]:
        return classify(clean, batch_size=32, truncation=True, max_length=length)

    apart = np.abs(ours.predict_proba(texts).max(axis=1) - [row[0]["score"] for row in theirs()]).max()
    taken = [(_seconds(lambda: ours.predict_proba(texts)), _seconds(theirs)) for _ in range(options.rounds)]
    own, other = zip(*taken, strict=True)
    print(f"{len(texts):,} texts, {options.rounds} rounds; probabilities of the label differ by {apart:.1e} at most")
    print(
        f"ours {len(texts) / np.median(own):,.0f} texts/s, transformers.pipeline {len(texts) / np.median(other):,.0f}"
    )
    print(Advantage("batch prediction", "transformers.pipeline", "texts/s", ratio(other, own)))


def scores(store: Store, options: argparse.Namespace) -> None:
    """A row a model and data set, by the set's metric."""
    rows = stored_rows(store)
    print("| data set | metric | model | seeds | validation | test (95 % interval) |\n|---|---|---|---|---|---|")
    for board in boards(rows, Predictions(store, rows)):
        for line in [line for line in board.ok_lines if line.recipe in options.runs and board.data.limit is None]:
            held = [validation for run in line.run_ids if (validation := store.result(run).validation)]
            mean = f"{np.mean([getattr(of, board.metric) for of in held]):.3f}" if held else ""
            low, high = line.interval or (None, None)
            around = f" ({low:.3f} to {high:.3f})" if low is not None and high is not None else ""
            test = f"{line.score:.3f}{around}"
            model = line.name.replace("|", "\\|")
            print(f"| {board.name} | {written(board.metric)} | {model} | {len(line.seeds)} | {mean} | {test} |")


WHAT: dict[str, Callable[[Store, argparse.Namespace], None]] = {
    "models": models, "pipeline": pipeline, "scores": scores,
}  # fmt: skip


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
