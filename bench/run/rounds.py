"""The measuring: rounds interleaved over the contestants of a data set, each in a fresh process, one at a time."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Protocol

from bench.data import Prepared
from bench.machine import cores, machine_id
from bench.measure.load import BUSY, OtherLoad
from bench.measure.measurement import summarize
from bench.measure.samples import RoundSamples
from bench.measure.schedule import schedule_of, thread_counts
from bench.measure.timing import RoundSettings
from bench.run.execute import Executor, StoredRow
from bench.run.job import Answer, MeasureJob
from bench.run.launcher import Ended, cannot_write, launch
from bench.run.plan import current_measurement_key
from bench.run.session import Block, Contestant, Journal, Timed, open_journal
from bench.schema import Measurement, Memory, Outcome, Result, Session

MAX_TEXTS = 5000
"""Test texts that a measured process is given: real ones, drawn with a fixed seed."""
LOOK_SECONDS = 0.5
"""Before a session: whether the machine is idle."""
REFERENCE = Contestant("reference", None)


class TimedRun(StoredRow, Protocol):
    """A run whose artifact is to be timed, and whose row takes the times."""

    @property
    def run_id(self) -> str:
        """Of a run that is stored."""

    @property
    def prepared(self) -> Prepared:
        """Its data set."""


Row = tuple[TimedRun, Result]
"""A run with what is stored of it."""


def measure_all(executor: Executor, runs: Sequence[TimedRun], note: Callable[[str], None]) -> list[Result]:
    """Measure runs in one session, data set by data set, and store their rows; what a kill leaves is gone on with.

    `note` is told where the session is an earlier one.
    """
    if not runs:  # a session that was cut off is not given up for nothing
        return []
    rows = [(run, executor.store.result(run.run_id)) for run in runs]
    by_set = [list(group) for _, group in groupby(rows, key=lambda row: row[0].prepared.folder)]
    results: list[Result] = []
    try:
        blocks = [block_of(executor, group) for group in by_set]
        for block, session, timed in time_blocks(executor, blocks, note):
            results += _store_all(executor, by_set[blocks.index(block)], session, timed)
    except OSError as error:
        failed: Ended[None] = Ended("failed", reason=cannot_write(error))
        stored = {result.run_id for result in results}
        results += [_store_failure(executor, *row, failed) for row in rows if row[1].run_id not in stored]
    return results


def block_of(executor: Executor, rows: Sequence[Row]) -> Block:
    """The artifacts of runs of one data set as contestants."""
    prepared, store = rows[0][0].prepared, executor.store
    return Block(
        dataset=prepared.name,
        texts=sample_of(prepared.test_texts()[1]),
        n_labels=len(prepared.label_names),
        schedule=schedule_of(prepared.meta.limit, executor.rounds),
        contestants=tuple(Contestant(r.run_id, store.artifact(str(r.identity.artifact))) for _, r in rows),
    )


def sample_of(texts: Sequence[str]) -> list[str]:
    """What a measured process is given: of very many texts a sample, always the same."""
    return random.Random(0).sample(texts, min(MAX_TEXTS, len(texts)))


def time_blocks(
    executor: Executor, blocks: Sequence[Block], note: Callable[[str], None]
) -> Iterator[tuple[Block, Session, dict[str, Timed]]]:
    """What each contestant of each block gave, by name, the reference workload among them; one session.

    Once the caller goes on, it must have stored what a block gave.
    """
    _warn_if_busy(note)
    journal = open_journal(executor.store.measuring, blocks, note)
    for block in blocks:
        if not journal.is_done(block):
            timed = _time_block(executor, block, journal)
            _count_busy_rounds(timed.values(), note)
            yield block, journal.session, timed
            journal.end_block(block)
    journal.close()


def _warn_if_busy(note: Callable[[str], None]) -> None:
    load = OtherLoad()
    time.sleep(LOOK_SECONDS)
    if (cores_busy := load.cores() or 0.0) >= BUSY:
        note(
            f"The machine is not idle: others keep {cores_busy:.1f} cores busy. Times will be marked; stop the others."
        )


def _count_busy_rounds(timed: Iterable[Timed], note: Callable[[str], None]) -> None:
    loads = [taken.other_load for contestant in timed for taken in contestant.rounds]
    if busy := sum((load or 0.0) >= BUSY for load in loads):
        note(f"{busy} of {len(loads)} rounds ran beside other load; these times are marked.")


def _time_block(executor: Executor, block: Block, journal: Journal) -> dict[str, Timed]:
    contestants, rounds = (*block.contestants, REFERENCE), block.schedule.rounds
    texts = write_texts(block.texts, journal.folder / "texts.json")
    models = f"{len(block.contestants)} model{'' if len(block.contestants) == 1 else 's'} on {block.dataset}"
    executor.listener.phase(models, f"measure, {rounds} rounds")
    for number in range(journal.whole, rounds):
        journal.start_round(number)
        turns = _turns(contestants, f"{journal.session.id} {number}")
        for place, (threads, contestant) in enumerate(turns, start=1 + number * len(turns)):
            if contestant.name not in journal.failed:
                settings = RoundSettings(number, threads, block.n_labels, block.schedule)
                folder = journal.place(number, threads, contestant)
                ended = measure_round(executor, contestant.artifact, texts, folder, settings)
                if isinstance(ended, Ended):
                    journal.fail(contestant, ended)
            executor.listener.progress(place, rounds * len(turns), {"round": number + 1})
        journal.end_round(number)
    return {contestant.name: _timed(block, journal, contestant) for contestant in contestants}


def _turns(contestants: Sequence[Contestant], seed: str) -> list[tuple[int, Contestant]]:
    """Threads and contestants of a round in their order, which differs by round: nobody always follows the same one."""
    shuffled = random.Random(seed)
    return [(t, c) for t in thread_counts(cores()) for c in shuffled.sample(contestants, len(contestants))]


def _timed(block: Block, journal: Journal, contestant: Contestant) -> Timed:
    if (failure := journal.failed.get(contestant.name)) is not None:
        return Timed([], Ended(failure.status, reason=failure.reason, log_tail=failure.log_tail))
    places = [(n, t) for n in range(block.schedule.rounds) for t in thread_counts(cores())]
    return Timed([RoundSamples.read(journal.place(n, t, contestant)) for n, t in places])


def write_texts(texts: Sequence[str], path: Path) -> Path:
    """The texts that a measured process reads."""
    path.write_text(json.dumps(list(texts)))
    return path


def measure_round(
    executor: Executor, artifact: Path | None, texts: Path, folder: Path, settings: RoundSettings
) -> RoundSamples | Ended[Answer]:
    """One round of an artifact on the texts that `write_texts` left, in a fresh process; else how that failed.

    Without an artifact it is the reference workload, which has texts of its own.
    """
    job = MeasureJob(
        artifact=artifact, texts=texts, number=settings.number, threads=settings.threads, n_labels=settings.n_labels,
        schedule=settings.schedule,
    )  # fmt: skip
    ended = launch(job, folder, executor.timeout, executor.device, settings.threads)
    return RoundSamples.read(folder) if ended.status == "ok" else ended


def _store_all(executor: Executor, rows: Sequence[Row], session: Session, timed: Mapping[str, Timed]) -> list[Result]:
    reference = timed[REFERENCE.name].rounds
    results = []
    for run, result in rows:
        of_run = timed[run.run_id]
        if of_run.failed is not None:
            results.append(_store_failure(executor, run, result, of_run.failed))
            continue
        measurement, samples, peak = summarize(of_run.rounds, len(rows), reference)
        measurement = measurement.model_copy(update={"machine": machine_id(), "session": session})
        updated = _measured(result, measurement, peak)
        results.append(executor.store_row(run, updated, samples=samples))
    return results


def _measured(result: Result, measurement: Measurement, peak_bytes: int) -> Result:
    """A row with its times, whatever had failed before."""
    key = current_measurement_key(result.identity.artifact or "", result.data.limit)
    recovered = {"status": "ok", "phase": None, "reason": None, "log_tail": None}
    return result.model_copy(
        update={
            "measurement": measurement,
            "memory": (result.memory or Memory()).model_copy(update={"inference_peak_bytes": peak_bytes}),
            "outcome": Outcome.model_validate(result.outcome.model_dump() | recovered),
            "identity": result.identity.model_copy(update={"measurement_key": key}),
        }
    )


def _store_failure(executor: Executor, run: TimedRun, result: Result, failed: Ended[None]) -> Result:
    how = {"status": failed.status, "phase": "measure", "reason": failed.reason, "log_tail": failed.log_tail}
    outcome = result.outcome.model_copy(update=how)
    return executor.store_row(run, result.model_copy(update={"outcome": outcome}))
