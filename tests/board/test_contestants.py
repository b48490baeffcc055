"""What is timed together: each model once, or runs with their families."""

from __future__ import annotations

import pytest

from bench.board.contestants import families_of, one_of_each_line
from bench.board.leaderboard import Board
from bench.errors import BenchError
from bench.store import Store
from tests.report.synthetic import Model, boards_of, result


@pytest.fixture
def family(store: Store) -> list[Board]:
    """Two seeds of a teacher, a child of each, a grandchild of one, and a stranger."""
    for seed in range(2):
        store.put(*result(Model("finetune"), seed, run_id=f"teacher-{seed}"))
        store.put(
            *result(Model("prune", track="compression"), seed, run_id=f"pruned-{seed}", parent_run_id=f"teacher-{seed}")
        )
    store.put(*result(Model("quantize", track="compression"), run_id="int8-0", parent_run_id="pruned-0"))
    store.put(*result(Model("linear"), run_id="linear-0"))
    return boards_of(store)


def test_of_each_model_the_lowest_seed_that_can_be_timed(family: list[Board]) -> None:
    chosen, without = one_of_each_line(family, lambda row: row.run_id not in ("teacher-0", "int8-0"))
    assert {row.run_id for row in chosen} == {"teacher-1", "pruned-0", "linear-0"}
    assert without == ["Tiny BERT · pruned 50 % · ONNX int8"]


@pytest.mark.parametrize("run_id", ["teacher-0", "pruned-0", "int8-0"])
def test_a_run_brings_its_parents_and_its_children(family: list[Board], run_id: str) -> None:
    chosen, without = families_of([run_id], family, lambda row: row.run_id != "teacher-0")
    assert {row.run_id for row in chosen} == {"pruned-0", "int8-0"} and without == ["teacher-0"]


def test_an_unknown_run_is_one_line_with_the_nearest(family: list[Board]) -> None:
    with pytest.raises(BenchError, match=r"no scored run 'teachr-0'.*did you mean 'teacher-0'"):
        families_of(["teachr-0"], family, lambda row: True)
