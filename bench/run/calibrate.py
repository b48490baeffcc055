"""One artifact timed against itself in the published protocol: what differs then is noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bench.errors import BenchError
from bench.machine import machine_id
from bench.measure.measurement import summarize
from bench.noise_floor import NoiseFloor, read_noise_floors, write_noise_floors
from bench.run.execute import Executor
from bench.run.remeasure import StoredRun
from bench.run.rounds import block_of, time_blocks
from bench.run.session import Contestant, Timed
from bench.schema import Latency, Measurement, Session
from bench.stats.rounds import noise_floor


def calibrate(executor: Executor, run: StoredRun, note: Callable[[str], None]) -> list[NoiseFloor]:
    """Time the artifact of a run as two contestants, and store the noise floor of each thread setting.

    A calibration of the same machine, protocol and threads takes the place of an earlier one. Raises `BenchError` where
    the artifact cannot be timed.
    """
    block = block_of(executor, [(run, run.stored)])
    (first,) = block.contestants
    block = replace(block, contestants=(first, Contestant(f"{first.name}-again", first.artifact)))
    made: list[NoiseFloor] = []
    for _, session, timed in time_blocks(executor, [block], note):
        both = [_measured(timed[contestant.name]) for contestant in block.contestants]
        made = _noise_floors(run, session, both)
        places = {(c.machine, c.protocol, c.threads) for c in made}
        stored = read_noise_floors(executor.store.root)
        others = [c for c in stored if (c.machine, c.protocol, c.threads) not in places]
        write_noise_floors(executor.store.root, [*others, *made])
    return made


def _measured(timed: Timed) -> Measurement:
    if timed.failed is not None:
        raise BenchError(f"measuring: {timed.failed.status}: {timed.failed.reason}")
    return summarize(timed.rounds)[0]


def _noise_floors(run: StoredRun, session: Session, both: list[Measurement]) -> list[NoiseFloor]:
    made = []
    for threads in sorted({row.threads for row in both[0].latency}):
        single, offline = (_of_both(both, scenario, threads) for scenario in ("single_stream", "offline"))
        p50 = (single[0].rounds_p50_ms, single[1].rounds_p50_ms)
        rates = (offline[0].rounds_texts_per_s, offline[1].rounds_texts_per_s)
        loads = [taken.other_load for m in both for taken in m.timed if taken.threads == threads]
        floor = NoiseFloor(
            machine=machine_id(), protocol=both[0].protocol, threads=threads, session=session, run_id=run.run_id,
            artifact=str(run.stored.identity.artifact), rounds_p50_ms=p50, rounds_texts_per_s=rates,
            p50_floor=noise_floor(*p50), throughput_floor=noise_floor(*rates),
            other_load=max((load for load in loads if load is not None), default=None),
        )  # fmt: skip
        made.append(floor)
    return made


def _of_both(both: list[Measurement], scenario: str, threads: int) -> list[Latency]:
    return [next(r for r in m.latency if (r.scenario, r.threads, r.bucket) == (scenario, threads, "all")) for m in both]
