"""Kills and company: a search ends with the requested trials, however often interrupted, whoever helps."""

from __future__ import annotations

import re
import signal
import time
from pathlib import Path

import pytest

from bench.search.worker_folder import is_dead
from tests.conftest import Bench
from tests.search.conftest import QUIET, SEARCHED, finish, start, summary_of, without_times


def _wait_for_trials(folder: Path, study: str, count: int) -> None:
    deadline = time.monotonic() + 120
    while True:
        assert time.monotonic() < deadline, "it did not happen in time"
        path = folder / "store" / "searches" / f"{study}.json"
        if path.is_file() and len(summary_of(folder, study).finished) >= count:
            return
        time.sleep(0.05)


@pytest.mark.slow
def test_a_search_killed_half_way_and_resumed_is_the_search_in_one_go(searched: Path, tmp_path: Path) -> None:
    for trials in (2, 5):  # among the random trials, and among the pruned ones
        process = start(tmp_path, *SEARCHED, *QUIET)
        _wait_for_trials(tmp_path, "seven", trials)
        time.sleep(0.5)  # into the next trial
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert summary_of(tmp_path, "seven").count("complete") < 7
    finish(start(tmp_path, *SEARCHED, *QUIET))
    resumed, whole = summary_of(tmp_path, "seven"), summary_of(searched, "seven")
    assert len(resumed.finished) == len(whole.finished) == 7
    assert without_times(resumed) == without_times(whole), "trial by trial"
    assert resumed.best == whole.best and resumed.importances == whole.importances
    assert resumed.killed >= 1
    assert list((tmp_path / "store" / "searches" / "work").iterdir()) == [], "nothing is left behind"


def test_a_finished_search_is_finished(searched: Path) -> None:
    before = without_times(summary_of(searched, "seven"))
    output = finish(start(searched, *SEARCHED, "--measure", "none", "--seeds", "1"))
    assert "✓ trial" not in output and "7 trials: " in output and "Everything is cached" in output
    assert without_times(summary_of(searched, "seven")) == before


@pytest.mark.slow
def test_two_processes_share_a_study_and_a_failure_stops_neither(tmp_path: Path) -> None:
    recipe = "epochal[pause=0.2,fails_over=0.05]"
    arguments = ("search", recipe, "-d", "toy", "--trials", "5", "--study", "shared")
    both = [start(tmp_path, *arguments, "--measure", "none", "--seeds", "7") for _ in range(2)]
    output = [finish(process) for process in both]
    summary = summary_of(tmp_path, "shared")
    assert len(summary.finished) == 5 and sorted(t.number for t in summary.trials) == [1, 2, 3, 4, 5]
    assert summary.count("running") == 0
    assert all("✓ trial" in text for text in output), "both have worked"
    failed = [trial for trial in summary.trials if trial.state == "failed"]
    assert failed and all(re.fullmatch(r"failed in train: rate=\S+ is too high", str(t.reason)) for t in failed)
    assert len({tuple(trial.params.items()) for trial in summary.trials}) == 5, "none was tried twice"
    assert all("1 ok" in text or "Everything is cached" in text for text in output)


def test_a_trial_of_a_process_that_nobody_knows_is_left_alone(tmp_path: Path) -> None:
    assert is_dead(tmp_path, "1-elsewhere") is None


def test_time_may_be_over_before_the_trials_are_and_more_be_asked_for_later(bench: Bench, tmp_path: Path) -> None:
    arguments = ("search", "epochal", "-d", "toy", "--study", "short", *QUIET)
    done = bench(*arguments, "--trials", "50", "--minutes", "0.02")
    assert done.returncode == 0, done.stderr
    ended = len(summary_of(tmp_path, "short").finished)
    assert 1 <= ended < 50
    assert bench(*arguments, "--trials", str(ended + 1)).returncode == 0
    assert len(summary_of(tmp_path, "short").finished) == ended + 1


def test_where_all_trials_fail_one_line_says_so(bench: Bench) -> None:
    done = bench("search", "epochal[fails_over=0]", "-d", "toy", "--trials", "2", *QUIET)
    assert done.returncode == 4
    assert "error: all 2 trials failed, the first: failed in train: rate=" in done.stderr
    assert done.stderr.count("\n") == 1
