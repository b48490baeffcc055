"""The noise floor of a machine: by how much times of one artifact differ from themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from bench.board.row import Context
from bench.noise_floor import NoiseFloor

UNCALIBRATED = 0.20
"""Taken for the floor of a machine that was not calibrated: what virtual machines with noisy neighbours show."""


class Noise(NamedTuple):
    """Shares of a time, or of a throughput, under which no difference is one; with all cores."""

    p50: float = UNCALIBRATED
    throughput: float = UNCALIBRATED
    calibrated_at: str = ""
    """Empty where nothing was measured: the floors are assumed."""


def noise_of(context: Context | None, threads: int | None, floors: Iterable[NoiseFloor]) -> Noise:
    """What the last calibration of that machine, protocol and thread setting showed, else what is assumed."""
    here = [c for c in floors if context and (c.machine, c.protocol) == context[:2] and c.threads == threads]
    return Noise(here[-1].p50_floor, here[-1].throughput_floor, here[-1].session.started_at) if here else Noise()
