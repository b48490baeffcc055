"""The noise floor: measured, stored, and under which no difference is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.board.noise import Noise, noise_of
from bench.board.row import Context
from bench.noise_floor import NoiseFloor, read_noise_floors, write_noise_floors
from bench.stats.rounds import noise_floor
from tests.report.synthetic import session


def floor(p50_floor: float = 0.05, threads: int = 2) -> NoiseFloor:
    rounds = ([1.0, 1.1], [1.0, 1.0])
    return NoiseFloor(
        machine="here", protocol="rounds-2", threads=threads, session=session(), run_id="linear-0", artifact="a" * 8,
        rounds_p50_ms=rounds, rounds_texts_per_s=rounds, p50_floor=p50_floor, throughput_floor=0.02, other_load=None,
    )  # fmt: skip


def test_the_floor_is_the_far_end_of_the_interval_whichever_of_the_two_was_slower() -> None:
    steps = [1.0 + 0.01 * n for n in range(10)]
    even = [1.0] * 10
    assert noise_floor(steps, even) == pytest.approx(0.08) == noise_floor(even, steps)
    assert noise_floor(even, even) == 0.0
    assert noise_floor([1.0, 1.3], [1.0, 1.0]) == pytest.approx(0.3), "two rounds have no interval"


def test_floors_are_read_back_and_a_damaged_file_is_a_warning(tmp_path: Path) -> None:
    assert read_noise_floors(tmp_path) == []
    write_noise_floors(tmp_path, [floor()])
    assert read_noise_floors(tmp_path) == [floor()]
    (tmp_path / "noise-floors.json").write_text("[{}]")
    with pytest.warns(UserWarning, match="no noise floors of this software"):
        assert read_noise_floors(tmp_path) == []


def test_the_floor_is_of_one_machine_protocol_and_thread_setting() -> None:
    stored = [floor(0.05), floor(0.30, threads=1)]
    here = Context("here", "rounds-2", "s")
    assert noise_of(here, 2, stored) == Noise(0.05, 0.02, session().started_at)
    assert noise_of(here, 1, stored).p50 == 0.30
    for other, threads in ((Context("there", "rounds-2", "s"), 2), (Context("here", "rounds-1", "s"), 2), (here, 4)):
        assert noise_of(other, threads, stored) == Noise() and not Noise().calibrated_at
    assert noise_of(None, None, stored) == Noise()
