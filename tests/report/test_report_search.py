"""The page of a search: made from a summary alone, whatever stands in it, and checked against its own trials."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.durable import write_atomic
from bench.report.build import build
from bench.search.summary import Summary, TrialRow, disagreements, read_summary
from bench.store import Store
from bench.verify import verify
from tests.report.page_data import as_text, document
from tests.report.synthetic import Model, result

HOSTILE = "<script>alert(1)</script>"


def trial(number: int, value: float | None, state: str = "complete", **changes: Any) -> TrialRow:
    params = {"rate": 10.0**-number, "words": HOSTILE if number % 2 else None, "drop": 0.1 * number}
    scores = {"accuracy": value, "log_loss": 1.0} if value is not None else {}
    return TrialRow.model_validate(
        {"number": number, "state": state, "value": value, "params": params, "validation": scores, "seconds": 3.0}
        | changes
    )


def summary(trials: list[TrialRow], **changes: Any) -> Summary:
    fields: dict[str, Any] = {
        "study": "mine", "recipe": "lstm", "dataset": HOSTILE, "limit": 300, "metric": "accuracy",
        "direction": "maximize", "seed": 0, "asked": 9, "killed": 2, "fixed": {"units": 64},
        "space": {
            "rate": {"log_uniform": [1e-9, 1]}, "words": {"choice": [HOSTILE, None]}, "drop": {"uniform": [0, 1]},
        },
        "question": {"recipe": "lstm"}, "trials": trials, "best": 2, "command": f"python -m bench run {HOSTILE}",
        "importances": {"rate": 0.7, HOSTILE: 0.3}, "written_at": "2026-01-01T00:00:00+00:00",
    }  # fmt: skip
    return Summary.model_validate(fields | changes)


TRIALS = [
    trial(1, 0.8, epochs=3, best_epoch=2, intermediate={"1": 0.7, "2": 0.8, "3": 0.79}),
    trial(2, 0.9, epochs=3, best_epoch=3, intermediate={"1": 0.7, "2": None, "3": 0.9}),
    trial(3, None, "pruned", epochs=1, intermediate={"1": 0.2}),
    trial(4, None, "failed", reason=f"failed in train: {HOSTILE} $x$"),
    trial(5, None, "running"),
]


def written(store: Store, made: Summary) -> Store:
    store.put(*result(Model("linear")))
    write_atomic(store.searches / f"{made.study}.json", made.model_dump_json().encode())
    return store


@pytest.mark.parametrize(
    "made",
    [
        summary(TRIALS),
        summary(TRIALS[:1], best=1, importances={}),
        summary(TRIALS[2:], best=None, command=None, importances={}),
        summary([], best=None, command=None, importances={}),
        summary([t.model_copy(update={"intermediate": {}, "value": t.value and 0.5}) for t in TRIALS]),
    ],
)
def test_a_study_is_shown_however_it_went(made: Summary, store: Store, tmp_path: Path) -> None:
    build(written(store, made), tmp_path / "out", texts=False)
    (shown,) = [fold for fold in document(tmp_path / "out")["folds"] if fold["title"] == f"Search: lstm on {HOSTILE}"]
    assert f"{len(made.finished)} of 9 trials ended" in shown["note"]
    assert "2 more were killed" in shown["note"] and "only 300 rows" in shown["note"]
    (trials,) = [block for block in shown["blocks"] if block["title"] == "Trials, the best first"]
    assert len(trials["rows"]) == len(made.trials)
    assert read_summary(tmp_path / "out" / "searches" / "mine.json") == made


def test_a_second_report_says_nothing_of_a_study_that_is_gone(store: Store, tmp_path: Path) -> None:
    build(written(store, summary(TRIALS)), tmp_path, texts=False)
    assert "Search: lstm" in as_text(tmp_path)
    (store.searches / "mine.json").unlink()
    build(store, tmp_path, texts=False)
    assert "Search: lstm" not in as_text(tmp_path)


def test_a_summary_is_checked_against_its_own_trials(store: Store) -> None:
    assert disagreements(summary(TRIALS)) == []
    (problem,) = disagreements(summary(TRIALS, best=1))
    assert problem == "best is trial 1 with 0.8, but the best value is 0.9"
    better = TRIALS[0].model_copy(update={"value": 0.99})
    assert "trial 1: value 0.99, but its accuracy is 0.8" in disagreements(summary([better, *TRIALS[1:]]))
    written(store, summary(TRIALS, best=1))
    assert "searches/mine.json: best is trial 1" in "\n".join(map(str, verify(store.root)))


@pytest.mark.parametrize("text", ["", "{}", "[" * 9999, '{"search_version": 2}'])
def test_what_is_no_summary_is_one_line_and_skipped(text: str, store: Store, tmp_path: Path) -> None:
    path = written(store, summary(TRIALS)).searches / "mine.json"
    path.write_text(text)
    with pytest.warns(UserWarning, match="search skipped") as caught:
        build(store, tmp_path, texts=False)
    (line,) = {str(warning.message) for warning in caught}
    assert str(path) in line and "\n" not in line
    assert any(problem.where == "searches/mine.json" for problem in verify(store.root))
