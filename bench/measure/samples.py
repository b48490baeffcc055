"""Raw samples of one round: what a measure worker leaves and its parent reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.arrays import write_arrays
from bench.durable import write_atomic
from bench.errors import BenchError

Nanoseconds = npt.NDArray[np.int64]
SINGLE_STREAM, OFFLINE = "single_stream", "offline"
BATCH_SIZES: Mapping[str, int] = {SINGLE_STREAM: 1, OFFLINE: 32}
"""Texts in each call of a scenario, in the order in which they are timed."""

_ARRAYS = ("ns", "chars", "stages")


@dataclass(frozen=True)
class ScenarioSamples:
    """Calls of one scenario in one process."""

    ns: Nanoseconds
    """Nanoseconds of each kept call, int64 [n], in the order of the calls."""
    chars: npt.NDArray[np.int32]
    """Characters in the texts of each kept call, int32 [n]."""
    calls: int
    """Calls that were sampled; where they are very many, `ns` keeps every second, third, … of them."""
    joules: float | None
    """Energy spent in these calls; None where no counter can be read."""
    warmup_calls: int
    warm: bool
    """Whether the warm-up ended because passes had become even, not by its bound."""
    stage_names: tuple[str, ...] = ()
    stages: Nanoseconds = field(default_factory=lambda: np.empty((0, 0), np.int64))
    """Nanoseconds of each stage, int64 [calls, stages], timed apart from `ns`."""


@dataclass(frozen=True)
class RoundSamples:
    """What one fresh process measured of one artifact."""

    protocol: str
    number: int
    threads: int
    started_at: str
    """UTC, as results have it."""
    other_load: float | None
    """Cores that others kept busy meanwhile; None where it cannot be read."""
    import_ms: float
    load_ms: float
    first_call_ms: float
    tercile_chars: tuple[float, float]
    """Character lengths that part the texts into short, medium and long."""
    peak_rss_bytes: int
    scenarios: Mapping[str, ScenarioSamples]

    def write(self, folder: Path) -> None:
        """Leave `round.json` and `round.npz` in the folder."""
        arrays: dict[str, npt.NDArray[Any]] = {}
        facts = {}
        for name, scenario in self.scenarios.items():
            parts = dict(vars(scenario))
            arrays |= {f"{name}_{part}": parts.pop(part) for part in _ARRAYS}
            facts[name] = parts
        write_arrays(folder / "round.npz", arrays)
        plain = {name: value for name, value in vars(self).items() if name != "scenarios"}
        write_atomic(folder / "round.json", json.dumps(plain | {"scenarios": facts}).encode())

    @classmethod
    def read(cls, folder: Path) -> RoundSamples:
        """The round that `write` left; a missing or damaged one is an error."""
        try:
            facts = json.loads((folder / "round.json").read_text())
            with np.load(folder / "round.npz", allow_pickle=False) as arrays:
                scenarios = {
                    name: ScenarioSamples(
                        **{part: arrays[f"{name}_{part}"] for part in _ARRAYS},
                        **(scenario | {"stage_names": tuple(scenario["stage_names"])}),
                    )
                    for name, scenario in facts.pop("scenarios").items()
                }
            return cls(**(facts | {"tercile_chars": tuple(facts["tercile_chars"]), "scenarios": scenarios}))
        except Exception as error:  # whatever the readers of a damaged zip, array or JSON raise
            raise BenchError(f"no readable round in {folder} ({type(error).__name__}); measure again") from error
