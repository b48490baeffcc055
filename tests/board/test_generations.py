"""Results stored under another default, or before a parameter existed, are lines and names of their own."""

from __future__ import annotations

from typing import Any

import pytest

from bench.board.leaderboard import Board, Line
from bench.board.rows import counted, rows
from bench.registry import load_recipe
from bench.store import Store
from tests.report.synthetic import Model, boards_of, result
from tests.report.test_report_commands import call

UNITS = load_recipe("lstm").defaults["units"]


def put(store: Store, run_id: str, recipe: str, params: dict[str, Any], seed: int = 0, **changes: Any) -> None:
    """A run with those parameters that was stored without a variant: all were the defaults of its day."""
    made, arrays = result(Model(recipe), seed, run_id=run_id, **changes)
    identity = made.identity.model_copy(update={"params": params})
    store.put(made.model_copy(update={"identity": identity}), arrays)


def only_board(store: Store) -> Board:
    (board,) = boards_of(store)
    return board


def by_name(store: Store) -> dict[str, Line]:
    return {line.name: line for line in only_board(store).lines}


@pytest.mark.parametrize(
    ("recipe", "new", "names"),
    [
        ("lstm", UNITS, {f"lstm[units={UNITS // 2}]", "lstm"}),
        ("unknown", 128, {"unknown[units=64]", "unknown[units=128]"}),
    ],
)
def test_a_default_that_changed_is_two_lines(recipe: str, new: int, names: set[str], store: Store) -> None:
    for seed in range(2):
        put(store, f"old-{seed}", recipe, {"units": new // 2}, seed)
        put(store, f"new-{seed}", recipe, {"units": new}, seed, started_at="2026-01-01T00:00:00+00:00")
    found = by_name(store)
    assert set(found) == names and {line.short for line in found.values()} == names
    assert {line.run_ids for line in found.values()} == {("old-0", "old-1"), ("new-0", "new-1")}
    assert len(counted(rows(store.read_all()))) == 4


@pytest.mark.parametrize("recipe", ["lstm", "unknown"])
def test_a_parameter_that_came_later_is_not_guessed(recipe: str, store: Store) -> None:
    old = {"units": UNITS}
    put(store, "old", recipe, old)
    put(store, "new", recipe, {**old, "schedule": "cosine"}, started_at="2026-01-01T00:00:00+00:00")
    found = by_name(store)
    assert {name: line.run_ids for name, line in found.items()} == {
        recipe: ("old",), f"{recipe}[schedule=cosine]": ("new",)
    }  # fmt: skip


def test_one_value_written_in_two_ways_is_one_line(store: Store) -> None:
    put(store, "whole", "unknown", {"rate": 1, "sizes": [1, 2]}, 0)
    put(store, "float", "unknown", {"sizes": [1.0, 2], "rate": 1.0}, 1)
    (line,) = only_board(store).lines
    assert line.seeds == (0, 1)
    put(store, "truth", "unknown", {"rate": True, "sizes": [1, 2]}, 0)
    assert len(only_board(store).lines) == 2


def test_children_of_two_generations_are_two_lines(store: Store) -> None:
    for age, units in (("old", UNITS // 2), ("new", UNITS)):
        put(store, age, "lstm", {"units": units})
        put(store, f"{age}-child", "unknown", {}, parent_run_id=age)
    assert {line.lineage for line in only_board(store).lines if line.recipe == "unknown"} == {
        "unknown ← lstm", f"unknown ← lstm[units={UNITS // 2}]"
    }  # fmt: skip


def test_a_refit_is_a_line_of_its_own_however_its_notes_read(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    put(store, "usual", "lstm", {"units": 8})
    put(store, "other", "dnn", {})
    put(store, "refit", "lstm", {"units": 8}, trained_on="train+validation", variant="units=8,refit")
    found = by_name(store)
    assert found["lstm[units=8]"].refit is False and found["lstm[units=8,refit]"].refit
    assert found["lstm[units=8,refit]"].short == "lstm[refit]" and found["lstm[units=8]"].short == "lstm"
    assert found["lstm[units=8,refit]"].title == "LSTM · refit" and found["lstm[units=8]"].title == "LSTM"
    capsys.readouterr()
    assert call("compare", "lstm[units=8]", "dnn", "--store", str(store.root)) in (0, 1)
    assert "lstm[units=8,refit]" not in capsys.readouterr().out
    assert call("compare", "lstm[units=8,refit]", "dnn", "--store", str(store.root)) in (0, 1)
