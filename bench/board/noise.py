"""The noise floor of a machine: by how much times of one artifact differ from themselves."""

from __future__ import annotations

from typing import NamedTuple

UNCALIBRATED = 0.20
"""Taken for the floor of a machine that was not calibrated: what virtual machines with noisy neighbours show."""


class Noise(NamedTuple):
    """Shares of a time, or of a throughput, under which no difference is one; with all cores."""

    p50: float = UNCALIBRATED
    throughput: float = UNCALIBRATED
    calibrated_at: str = ""
    """Empty where nothing was measured: the floors are assumed."""
