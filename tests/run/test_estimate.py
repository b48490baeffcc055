"""`bench run --dry-run`: what the runs that are due will cost, by stored ones, and how far off that was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.run.estimate import Likeness, estimate
from bench.run.history import Spent, Task, spent_runs
from bench.schema import ColdStart, Gap, Measurement, Result, Round, Session
from bench.store import Store
from tests.conftest import ROOT, Bench

QUICK = ("-d", "toy", "--smoke", "--measure", "none")
TASK = Task("lstm", {"units": "64", "epochs": "4"}, "emotions", None, "here", 4000.0, 500.0, 10.0)
SPENT = Spent(TASK, train_seconds=40.0, predict_seconds=5.0, measure_seconds=30.0, disk_bytes=1e6)


def test_a_dry_run_tells_time_disk_and_money_with_its_error(bench: Bench) -> None:
    assert bench("run", "-r", "bayes", "--seeds", "0-1", *QUICK).returncode == 0
    told = bench("run", "-r", "bayes", "-r", "curious", "--seeds", "0-2", *QUICK, "--dry-run").stdout
    assert "4 of 6 runs are due" in told
    total = next(line for line in told.splitlines() if line.startswith("Estimate: about "))
    assert "MB of disk" in total and "(prices of 20" in total
    assert "1 run from the same model on the same data: trainings took 1.00 times" in told
    assert "(2 runs stored, each left out in turn)" in told
    assert "3 runs without an estimate, as nothing stored is like them: curious (3)" in told


def test_data_that_have_not_been_read_and_an_empty_store_have_no_estimate(bench: Bench) -> None:
    told = bench("run", "-r", "bayes", "-d", "emotions", "--dry-run")
    assert told.returncode == 0
    assert "Estimate" not in told.stdout and "1 run without an estimate" in told.stdout


def test_time_grows_with_rows_epochs_and_rounds_and_size_does_not() -> None:
    larger = replace(TASK, dataset="imdb", trained=16000.0, predicted=1000.0, rounds=5.0)
    made = estimate([(larger, "train", True)], [SPENT])
    assert (made.train_seconds, made.predict_seconds, made.measure_seconds) == (160.0, 10.0, 15.0)
    assert made.disk_bytes == 1e6
    assert made.runs == {Likeness.OTHER_DATA: 1}


def test_the_most_alike_runs_decide() -> None:
    other_machine = replace(SPENT, task=replace(TASK, machine="there"), train_seconds=1.0)
    wide = replace(SPENT, task=replace(TASK, traits={"units": "512", "epochs": "4"}), train_seconds=300.0)
    wide_and_long = replace(
        SPENT, task=replace(TASK, traits={"units": "512", "epochs": "8"}, trained=8000.0), train_seconds=700.0
    )
    stored = [other_machine, wide, wide_and_long]
    assert estimate([(TASK, "train", False)], [*stored, SPENT]).train_seconds == 40.0
    assert estimate([(TASK, "train", False)], stored).train_seconds == 300.0
    assert estimate([(TASK, "train", False)], [other_machine]).runs == {Likeness.OTHER_MACHINE: 1}
    assert estimate([(TASK, "train", False)], [replace(SPENT, task=replace(TASK, recipe="dnn"))]).unknown == ("lstm",)


def test_a_rehearsal_says_nothing_of_the_published_protocol() -> None:
    rehearsed = replace(SPENT, task=replace(TASK, limit=300))
    made = estimate([(TASK, "train", True)], [rehearsed])
    assert (made.measure_seconds, made.unmeasured) == (0.0, 1)


def test_the_error_is_that_of_runs_left_out() -> None:
    stored = [replace(SPENT, train_seconds=seconds) for seconds in (10.0, 10.0, 30.0)]
    error = estimate([(TASK, "train", False)], stored).errors[Likeness.SAME]
    # from 10 and 30: 20, twice too much, for each of the short ones; from 10 and 10: 10, a third of the long one
    assert error.runs == 3
    assert (error.median, error.nine_in_ten) == pytest.approx((2.0, 3.0))


def test_published_runs_are_estimated_from_one_another() -> None:
    stored = spent_runs(Store(ROOT / "reports"))
    made = estimate([(spent.task, "train", False) for spent in stored[-20:]], stored)
    assert not made.unknown and made.seconds > 0
    assert all(error.nine_in_ten >= error.median >= 1 for error in made.errors.values())


def _published(pattern: str) -> Result:
    path = next((ROOT / "reports" / "results").glob(pattern))
    return Store(ROOT / "reports").result(path.name)


def test_a_run_has_its_share_of_the_session_that_timed_it(tmp_path: Path) -> None:
    rounds = [Round(threads=1, number=n, started_at=f"2026-01-31T12:0{n}:00+00:00", other_load=None) for n in range(6)]
    gap = Gap(before_round=3, seconds=60.0)
    session = Session(id="s", started_at=rounds[0].started_at, kernel="k", software="s", gaps=[gap])
    measurement = Measurement(
        protocol="rounds-2", rounds=6, latency=[], cold_start=ColdStart(import_ms=1, load_ms=1, first_call_ms=1),
        interleaved_with=3, session=session, timed=rounds,
    )  # fmt: skip
    Store(tmp_path).put(_published("linear-emotions-s0-*").model_copy(update={"measurement": measurement}))
    (spent,) = spent_runs(Store(tmp_path))
    # five minutes from the first round's start to the last one's, less the gap, and the last round itself; of three
    assert spent.measure_seconds == pytest.approx(240 * 6 / 5 / 3)


def test_what_a_run_compresses_counts(tmp_path: Path) -> None:
    """A child of a large parent is no measure for one of a small parent."""
    child = _published("quantize-emotions-s0-*")
    store = Store(tmp_path)
    for place, units in (("a", 64), ("b", 512)):
        parent = child.model_copy(
            update={
                "run_id": f"parent-{place}",
                "identity": child.identity.model_copy(update={"parent_run_id": None, "params": {"units": units}}),
            }
        )
        own = child.identity.model_copy(update={"parent_run_id": parent.run_id})
        for result in (parent, child.model_copy(update={"run_id": f"child-{place}", "identity": own})):
            store.put(result)
    traits = [spent.task.traits for spent in spent_runs(store)]
    assert sorted(one["parent.units"] for one in traits if "parent.units" in one) == ["512", "64"]
