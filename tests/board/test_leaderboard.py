"""The leaderboard: means, ties, failures, what is not comparable."""

from __future__ import annotations

import math
import statistics

import pytest

from bench.board.advice import advice
from bench.board.aggregate import boards
from bench.board.facts import facts
from bench.board.leaderboard import Board
from bench.board.rows import rows
from bench.board.ties import smallest_gap
from bench.report.tables import latex, markdown
from bench.schema import Interval, Result
from bench.store import Store
from tests.report.synthetic import EMOTIONS, Model, environment, failure, result


def scored(
    model: Model, seed: int, accuracy: float, half: float, n: int = 400, **changes: object
) -> tuple[Result, dict]:
    """A result with exactly that accuracy and interval."""
    made, arrays = result(model, seed, n=n, **changes)
    assert made.quality
    interval = Interval(value=accuracy, low=accuracy - half, high=accuracy + half)
    return made.model_copy(update={"quality": made.quality.model_copy(update={"accuracy": interval})}), arrays


def only_board(store: Store) -> Board:
    (board,) = boards(rows(store.read_all()))
    return board


def test_one_line_a_model_with_mean_spread_and_interval(store: Store) -> None:
    for seed, accuracy in enumerate((0.90, 0.91, 0.92)):
        store.put(*scored(Model("linear"), seed, accuracy, 0.01 * (seed + 1)))
    (line,) = only_board(store).lines
    assert line.seeds == (0, 1, 2)
    assert line.values.accuracy == pytest.approx(0.91)
    assert line.spread == pytest.approx(statistics.stdev((0.90, 0.91, 0.92)))
    assert line.values.accuracy_low == pytest.approx(0.91 - 0.02)
    assert line.values.accuracy_high == pytest.approx(0.91 + 0.02)


def test_nearer_than_the_smallest_gap_is_a_tie_whatever_the_intervals_say(store: Store) -> None:
    gap = smallest_gap(0.92, 400)
    models = (("best", 0.92, 0.04), ("near", 0.92 - 0.9 * gap, 0.001), ("far", 0.92 - 1.1 * gap, 0.04))
    for name, accuracy, half in models:
        store.put(*scored(Model(name), 0, accuracy, half))
    lines = only_board(store).lines
    assert [(line.recipe, line.rank, line.tied) for line in lines] == [
        ("best", 1, True),
        ("near", 1, True),
        ("far", 3, False),
    ]
    text = markdown([only_board(store)])
    assert "| =1 | near" in text and "| 3 | far" in text


def test_a_best_model_alone_is_no_tie(store: Store) -> None:
    for name, accuracy in (("best", 0.92), ("far", 0.80)):
        store.put(*scored(Model(name), 0, accuracy, 0.01))
    board = only_board(store)
    assert [(line.rank, line.tied) for line in board.lines] == [(1, False), (2, False)]
    assert [line.recipe for line in board.tied] == ["best"] and "=1 |" not in markdown([board])
    found = advice(board)
    assert found and len(found.picks) == 1
    assert found.headline == "Ship best: it leads by more than the smallest gap that this test set can show."


def test_smallest_gap_is_printed(store: Store) -> None:
    store.put(*scored(Model("linear"), 0, 0.9, 0.01, n=400))
    board = only_board(store)
    expected = 1.96 * math.sqrt(2 * 0.9 * 0.1 / 400)
    assert board.smallest_gap == pytest.approx(expected) == smallest_gap(0.9, 400)
    assert f"closer than {expected:.3f}" in facts(board)[0]


def test_failures_are_rows_with_status_and_reason(full_store: Store) -> None:
    board = next(board for board in boards(rows(full_store.read_all())) if board.data.dataset == "emotions")
    last = board.lines[-1]
    assert (last.name, last.status, last.rank) == ("lstm[units=4096]", "out_of_memory", None)
    assert "killed at 21.3 GB" in last.reason
    dnn = next(line for line in board.lines if line.recipe == "dnn")
    assert dnn.ok and dnn.failed == 1 and len(dnn.seeds) == 3 and dnn.reason.startswith("seed 3: failed in train")


def test_only_failures_still_make_a_board(store: Store) -> None:
    store.put(failure(Model("linear"), status="unavailable", reason="scikit-learn is not installed"))
    board = only_board(store)
    assert board.smallest_gap is None and not board.ok_lines and advice(board) is None
    assert "unavailable" in markdown([board]) and "scikit" in markdown([board])


def test_failure_before_its_data_were_read_stands_with_its_data_set(store: Store) -> None:
    store.put(*result(Model("linear")))
    store.put(failure(Model("lstm")).model_copy(update={"data": failure(Model("lstm")).data.model_copy(
        update={"revision": "unknown", "split_hash": None, "n_test": None})}))  # fmt: skip
    assert [line.recipe for line in only_board(store).lines] == ["linear", "lstm"]


def test_truncated_and_other_test_rows_are_other_boards(store: Store) -> None:
    store.put(*result(Model("linear"), run_id="whole"))
    store.put(*result(Model("linear"), run_id="short", limit=100))
    store.put(*result(Model("linear"), run_id="changed", split_hash="0123456789"))
    names = [board.name for board in boards(rows(store.read_all()))]
    assert names == [
        "emotions, 100 rows a split",
        "emotions, test rows 01234567",
        "emotions, test rows rows-of-",
    ]


def test_times_of_another_machine_are_left_out_and_said(store: Store) -> None:
    for seed in range(2):
        store.put(*result(Model("linear", p50_ms=1.0), seed))
    store.put(*result(Model("lstm", p50_ms=100.0), 0, environment=environment("other")))
    board = only_board(store)
    by_name = {line.recipe: line for line in board.lines}
    assert by_name["linear"].values.p50_ms_b1 is not None
    assert by_name["lstm"].values.p50_ms_b1 is None and by_name["lstm"].values.train_examples_per_s is None
    assert by_name["lstm"].values.accuracy is not None
    assert any("another machine" in fact and "3f9a1c2b" in fact for fact in facts(board))


def test_times_are_of_the_machine_that_measured(store: Store) -> None:
    """A training that was held to one core, and timed on all, stands beside what was trained on all."""
    for seed in range(2):
        store.put(*result(Model("linear", p50_ms=1.0), seed))
    made, arrays = result(Model("lstm", p50_ms=100.0), 0, environment=environment("one-core"))
    assert made.measurement is not None
    timed = made.measurement.model_copy(update={"machine": environment().machine})
    store.put(made.model_copy(update={"measurement": timed}), arrays)
    board = only_board(store)
    lstm = next(line for line in board.lines if line.recipe == "lstm")
    assert lstm.values.p50_ms_b1 is not None and lstm.values.train_examples_per_s is None
    assert board.timed_elsewhere == 0


def test_superseded_runs_are_counted(store: Store) -> None:
    for minute in (1, 2):
        store.put(*result(Model("linear"), run_id=f"run{minute}", started_at=f"2025-01-01T00:0{minute}:00+00:00"))
    board = only_board(store)
    assert board.superseded == 1 and any("1 older runs left out" in fact for fact in facts(board))


def test_notes_stand_beside_the_name(full_store: Store) -> None:
    board = next(board for board in boards(rows(full_store.read_all())) if board.data.dataset == "hostile")
    assert board.data.notes == ["rebuilt: its train text is a reconstruction", "<i>synthetic</i>"]
    assert "rebuilt" in markdown([board]) and "<i>" not in markdown([board])


def test_child_names_its_parent(full_store: Store) -> None:
    board = next(board for board in boards(rows(full_store.read_all())) if board.data.dataset == "emotions")
    assert any(line.title == "quantize[to=onnx-int8] ← distilbert" for line in board.lines)


def test_advice_ships_the_fastest_in_the_tie(store: Store) -> None:
    for model, accuracy in ((Model("big", p50_ms=50.0, parameters=10**8), 0.92), (Model("small", p50_ms=1.0), 0.915)):
        store.put(*scored(model, 0, accuracy, 0.01))
    store.put(*scored(Model("bad", p50_ms=0.01, parameters=10), 0, 0.5, 0.01))
    found = advice(only_board(store))
    assert found and found.headline.startswith("Ship small: the fastest") and "0.005 below" in found.headline
    assert [pick.line and pick.line.recipe for pick in found.picks] == ["big", "small", "small"]
    assert any("fewer than 3 seeds" in caveat for caveat in found.caveats)


def test_advice_without_times(store: Store) -> None:
    for name, accuracy in (("one", 0.92), ("two", 0.915)):
        made, arrays = scored(Model(name), 0, accuracy, 0.01)
        store.put(made.model_copy(update={"measurement": None}), arrays)
    found = advice(only_board(store))
    assert found and found.picks[1].facts == "not measured" and "no latency measured in the tie" in found.caveats


def test_latex_escapes(full_store: Store) -> None:
    text = latex(boards(rows(full_store.read_all())))
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") == 2
    assert r"quantize[to=onnx-int8] $\leftarrow$ distilbert" in text and r"units=4096" in text
    assert EMOTIONS[0] not in text
    for line in text.splitlines():
        if line.endswith(r"\\"):
            assert line.replace(r"\&", "").count("&") in (16,)


def test_short_names_hold_only_what_tells_models_apart(store: Store) -> None:
    for model in (
        Model("lstm", "units=64,dropout=0.4"),
        Model("linear", "C=0.5,ngrams=[3,6]"),
        Model("linear", "C=8,ngrams=[3,6]"),
        Model("dnn"),
        Model("dnn", "layers=512"),
    ):
        store.put(*scored(model, 0, 0.9, 0.01))
    (board,) = boards(rows(store.read_all()))
    assert {line.name: line.title for line in board.lines} == {
        "lstm[units=64,dropout=0.4]": "lstm",
        "linear[C=0.5,ngrams=[3,6]]": "linear[C=0.5]",
        "linear[C=8,ngrams=[3,6]]": "linear[C=8]",
        "dnn": "dnn",
        "dnn[layers=512]": "dnn[layers=512]",
    }


def test_short_names_hold_no_more_than_needed(store: Store) -> None:
    tiny, large = "weights=random", "backbone=large,dropout=0.1,epochs=6"
    for variant in ("", tiny, large, f"{large},patience=6,tokens=0.1"):
        store.put(*scored(Model("finetune", variant), 0, 0.9, 0.01))
    (board,) = boards(rows(store.read_all()))
    assert {line.name: line.title for line in board.lines} == {
        "finetune": "finetune[backbone=tweets-tiny]",
        "finetune[weights=random]": "finetune[backbone=tweets-tiny,weights=random]",
        f"finetune[{large}]": "finetune[backbone=large]",
        f"finetune[{large},patience=6,tokens=0.1]": "finetune[backbone=large,patience=6]",
    }


def test_short_names_of_parents_and_of_students(store: Store) -> None:
    for variant in ("units=8,rate=1", "units=16,rate=2"):
        model = Model("dnn", variant)
        parent, arrays = scored(model, 0, 0.9, 0.01)
        store.put(parent, arrays)
        child, arrays = scored(Model("quantize", "to=int8,rows=9"), 0, 0.9, 0.01)
        identity = child.identity.model_copy(update={"parent_run_id": parent.run_id})
        store.put(child.model_copy(update={"identity": identity, "run_id": f"child-{variant}"}), arrays)
    for student in ("static[units=8,rate=1]", "lstm[units=8]", "lstm[units=9]"):
        store.put(*scored(Model("distill", f"student={student},alpha=0.9"), 0, 0.9, 0.01))
    (board,) = boards(rows(store.read_all()))
    assert {line.title for line in board.lines} == {
        "dnn[units=8]",
        "dnn[units=16]",
        "quantize[to=int8] ← dnn[units=8]",
        "quantize[to=int8] ← dnn[units=16]",
        "distill[student=static]",
        "distill[student=lstm[units=8]]",
        "distill[student=lstm[units=9]]",
    }


def test_ensembles_are_told_apart_by_their_members(store: Store) -> None:
    artifact = {}
    for number, (name, seed) in enumerate((("dnn", 0), ("dnn", 1), ("linear", 0))):
        member, arrays = scored(Model(name), seed, 0.9, 0.01)
        artifact[name, seed] = f"{number}{member.run_id}".ljust(64, "0")
        identity = member.identity.model_copy(update={"artifact": artifact[name, seed]})
        store.put(member.model_copy(update={"identity": identity}), arrays)
    for run_id, members in (("two", [("dnn", 0), ("dnn", 1)]), ("mixed", [("dnn", 0), ("linear", 0)])):
        made, arrays = scored(Model("ensemble"), 0, 0.92, 0.01, run_id=run_id)
        key = {"parent": " ".join(artifact[member][:16] for member in members)}
        store.put(made.model_copy(update={"identity": made.identity.model_copy(update={"key_parts": key})}), arrays)
        student, arrays = scored(Model("lstm"), 0, 0.9, 0.01, run_id=f"student-{run_id}")
        identity = student.identity.model_copy(update={"parent_run_id": run_id, "teacher_run_id": run_id})
        store.put(student.model_copy(update={"identity": identity}), arrays)
    board = only_board(store)
    assert board.superseded == 0 and {line.title for line in board.lines} == {
        "dnn",
        "linear",
        "ensemble ← 2 × dnn",
        "ensemble ← dnn + linear",
        "lstm ← ensemble ← 2 × dnn",
        "lstm ← ensemble ← dnn + linear",
    }
