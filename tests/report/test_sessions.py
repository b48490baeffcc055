"""How sessions line up: by their reference workload, on one machine."""

from __future__ import annotations

import numpy as np
import pytest

from bench.report.sessions import Sessions
from bench.schema import Measurement, Reference, Round
from tests.report.synthetic import measurement, session


def measured(name: str, reference_ms: float, machine: str = "here", other_load: float = 0.0) -> Measurement:
    made = measurement(1.0, np.random.default_rng(0))
    medians = [reference_ms * (1 + 0.01 * n) for n in range(10)]
    taken = [
        Round(threads=2, number=n, started_at="2026-01-01T00:00:00+00:00", other_load=other_load) for n in range(10)
    ]
    reference = [Reference(threads=t, p50_ms=1.0, rounds_p50_ms=[ms * (3 - t) for ms in medians]) for t in (1, 2)]
    changes = {"session": session(name), "machine": machine, "reference": reference, "timed": taken}
    return made.model_copy(update=changes)


def test_sessions_are_lined_up_by_their_reference() -> None:
    sessions = Sessions()
    for name, ms in (("20260101T000000-aaaaaa", 1.0), ("20260102T000000-bbbbbb", 2.0)):
        for _ in range(3):  # runs of one data set share their rounds of the reference
            sessions.add(measured(name, ms), "here")
    newest, older = sessions.ordered
    assert newest.session.id.endswith("bbbbbb") and newest.runs == 3
    assert newest.reference_ms is not None and newest.reference_ms.value == pytest.approx(2.09)
    found = older.against(newest)
    assert found is not None and found.low is not None and found.high is not None
    assert found.value == pytest.approx(0.5) and found.low < 0.5 < found.high


def test_machines_are_not_lined_up_and_unknown_sessions_are_counted() -> None:
    sessions = Sessions()
    sessions.add(measured("20260101T000000-aaaaaa", 1.0), "here")
    sessions.add(measured("20260102T000000-bbbbbb", 1.0, machine="there", other_load=1.0), "here")
    sessions.add(measured("x", 1.0).model_copy(update={"session": None}), "here")
    newest, older = sessions.ordered
    assert older.against(newest) is None and sessions.unknown == 1
    assert (newest.busy, newest.rounds, older.busy) == (10, 10, 0)
