"""A/A: how often a measuring session calls one artifact different from itself.

`python -m benchmarks.same_artifact RUN --store .sentibench`: 21 contestants of one artifact in one session of the
published protocol, 210 pairs of them, at each thread setting. A quarter of an hour to an hour, on an idle machine.
`--copies 6 --seconds 0.05` is a short form: 15 pairs, whose rounds are too brief to be of use beyond trying it.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from itertools import combinations
from pathlib import Path

from rich.console import Console

from bench.measure.load import BUSY
from bench.measure.measurement import summarize
from bench.measure.schedule import PUBLISHED
from bench.run.execute import Executor
from bench.run.remeasure import stored_run
from bench.run.rounds import sample_of, time_blocks
from bench.run.screen import Screen
from bench.run.session import Block, Contestant, Timed
from bench.schema import Latency
from bench.stats.rounds import noise_floor, ratio
from bench.store import Store


def main() -> None:
    """Time the copies and print how many pairs are called different."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("--store", type=Path, default=Path(".sentibench"))
    parser.add_argument("--copies", type=int, default=21)
    parser.add_argument("--seconds", type=float, default=PUBLISHED.min_seconds, help="of a scenario in a round")
    options = parser.parse_args()
    store = Store(options.store)
    run, artifact = stored_run(store, options.run), str(store.result(options.run).identity.artifact)
    contestants = [Contestant(f"copy-{n}", store.artifacts / artifact) for n in range(options.copies)]
    schedule = replace(PUBLISHED, min_seconds=options.seconds)
    texts = sample_of(run.prepared.test_texts()[1])
    block = Block(run.prepared.name, texts, len(run.prepared.label_names), schedule, tuple(contestants))
    # A store of its own, so that rows stay; what is under way goes to standard error, and into no record.
    with tempfile.TemporaryDirectory() as folder, Screen(Console(stderr=True), 1) as screen:
        for _, _, timed in time_blocks(Executor(Store(Path(folder)), screen), [block], screen.print_line):
            report([timed[contestant.name] for contestant in contestants])


def report(copies: list[Timed]) -> None:
    """A line a scenario and thread setting."""
    rounds = [taken for copy in copies for taken in copy.rounds]
    busy = sum((taken.other_load or 0.0) >= BUSY for taken in rounds) / len(rounds)
    print(f"{len(copies)} copies of one artifact; {busy:.0%} of their rounds ran beside other load")
    print("scenario       threads  pairs  different  beyond the floor of the first pair  largest ratio")
    measured = [summarize(copy.rounds)[0].latency for copy in copies]
    for rows in zip(*measured, strict=True):
        if rows[0].bucket == "all":
            print(line(list(rows)))


def line(rows: list[Latency]) -> str:
    """How many pairs are called different: by their interval, and by it and the floor that the first pair shows."""
    single = rows[0].scenario == "single_stream"
    taken = [row.rounds_p50_ms if single else row.rounds_texts_per_s for row in rows]
    floor = noise_floor(taken[0], taken[1])
    found = [ratio(a, b) for a, b in combinations(taken, 2)]
    apart = [r for r in found if r.low is not None and r.high is not None and not r.low <= 1 <= r.high]
    beyond = [r for r in apart if max(r.value, 1 / r.value) > 1 + floor]
    largest = max(max(r.value, 1 / r.value) for r in found)
    shares = f"{len(apart):4} {len(apart) / len(found):5.1%}  {len(beyond):4} {len(beyond) / len(found):5.1%}"
    return f"{rows[0].scenario:<15}{rows[0].threads:>6}{len(found):>7}  {shares}  (floor {floor:.1%}){largest:>16.3f}"


if __name__ == "__main__":
    main()
