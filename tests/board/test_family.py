"""Parents and children in the report: paired differences, churn, ratios, controls, sweeps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.board.family import Member, families, floors
from bench.board.leaderboard import Board
from bench.board.predictions import Predictions
from bench.board.rows import rows
from bench.report.page.sweeps import sweeps
from bench.store import Store
from tests.report.synthetic import Model, boards_of, result

TEACHER = Model("finetune", "", "transformers_pt", 0.95, 8_000_000, 8.0)
ALPHAS = (0.0, 0.3, 0.9)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return family_store(tmp_path_factory.mktemp("family") / "store")


def family_store(root: Path) -> Store:
    """A teacher, students of three alphas, the pruned best of them, and that in int8; three seeds."""
    store = Store(root)
    for seed in range(3):
        _put(store, TEACHER, seed, f"teacher-{seed}", None)
        for alpha in ALPHAS:
            student = Model("distill", f"student=lstm,alpha={alpha}", "compression", 0.8 + 0.1 * alpha, 1_000_000, 2.0)
            _put(store, student, seed, f"student-{alpha}-{seed}", f"teacher-{seed}", taught=True)
        pruned = Model("prune", "ratio=0.6", "compression", 0.86, 500_000, 1.0)
        _put(store, pruned, seed, f"pruned-{seed}", f"student-0.9-{seed}", taught=True)
        _put(store, Model("quantize", "", "compression", 0.86, 500_000, 0.5), seed, f"int8-{seed}", f"pruned-{seed}")
    return store


def _put(store: Store, model: Model, seed: int, run_id: str, parent: str | None, taught: bool = False) -> None:
    made, arrays = result(
        model, seed, n=300, run_id=run_id, parent_run_id=parent, teacher_run_id=parent if taught else None
    )
    store.put(made, arrays)


@pytest.fixture(scope="module")
def board(store: Store) -> Board:
    (only,) = boards_of(store)
    return only


@pytest.fixture(scope="module")
def family(board: Board, store: Store) -> dict[str, Member]:
    (only,) = families(board, Predictions(store, rows(store.read_all())))
    return {member.line.name: member for member in only}


def test_children_stand_below_their_parents(board: Board, store: Store) -> None:
    (family,) = families(board, Predictions(store, rows(store.read_all())))
    assert [(m.depth, m.line.recipe) for m in family][:2] == [(0, "finetune"), (1, "distill")]
    at = [m.line.name for m in family].index("distill[student=lstm,alpha=0.9]")
    assert [(m.depth, m.line.recipe) for m in family[at : at + 3]] == [(1, "distill"), (2, "prune"), (3, "quantize")]


def test_a_step_is_paired_on_the_same_texts(family: dict[str, Member], store: Store) -> None:
    step = family["prune[ratio=0.6]"].step
    assert step is not None
    regressions = []
    for seed in range(3):
        before, after = (store.arrays(f"{name}-{seed}", "predictions") for name in ("student-0.9", "pruned"))
        right = [a["probabilities"].argmax(axis=1) == a["labels"] for a in (before, after)]
        regressions.append(int((right[0] & ~right[1]).sum()))
    assert step.flips.regressions == pytest.approx(np.mean(regressions))
    low, high = step.difference.interval()
    assert low <= step.difference.value <= high and step.difference.seeds == "own"
    assert family["prune[ratio=0.6]"].line.score - step.ancestor == pytest.approx(step.difference.value)
    share, least, most = step.retained
    assert share == pytest.approx(1 + step.difference.value / step.ancestor) and least < share < most


def test_ratios_are_against_parent_and_head(family: dict[str, Member]) -> None:
    member = family["quantize"]
    assert member.step is not None and member.whole is not None
    assert member.step.size == pytest.approx(1.0) and member.whole.size == pytest.approx(16.0)
    speed = member.whole.speed_up
    assert speed.verdict == "faster" and speed.estimate is not None
    assert speed.estimate.value == pytest.approx(16.0, rel=0.2)
    assert member.whole.retained[0] == pytest.approx(0.86 / 0.95, abs=0.05)


def test_a_student_is_compared_with_itself_untaught(family: dict[str, Member]) -> None:
    taught, untaught = family["distill[student=lstm,alpha=0.9]"], family["distill[student=lstm,alpha=0.0]"]
    assert taught.control is not None and taught.control.name == untaught.line.name
    assert taught.gain is not None and taught.gain.value > 0
    assert untaught.control is None and family["prune[ratio=0.6]"].control is None


def test_what_less_effort_keeps_stands_beside(board: Board, store: Store, tmp_path: Path) -> None:
    (only,) = families(board, Predictions(store, rows(store.read_all())))
    assert {line.name for line, _ in floors(board, only)} == {"distill[student=lstm,alpha=0.0]"}
    more = family_store(tmp_path / "store")
    for model in (Model("constant", accuracy=0.2), Model("linear", "C=2", accuracy=0.7), Model("linear", accuracy=0.9)):
        more.put(*result(model, 0, n=300))
    (board,) = boards_of(more)
    shares = {line.name: share for line, share in floors(board, families(board, Predictions(more, []))[0])}
    assert shares.keys() == {"constant", "linear", "distill[student=lstm,alpha=0.0]"}
    assert shares["constant"] == pytest.approx(0.2 / 0.95, abs=0.1) and shares["linear"] > 0.9


@pytest.mark.parametrize(
    ("student", "alone"),
    [("lstm", Model("lstm", accuracy=0.8)), ("tweets-tiny[epochs=6]", Model("finetune", "epochs=6", accuracy=0.8))],
)
def test_a_student_alone_is_the_control_where_no_alpha_is_zero(student: str, alone: Model, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    for seed in range(2):
        _put(store, TEACHER, seed, f"teacher-{seed}", None)
        _put(store, alone, seed, f"alone-{seed}", None)
        taught = Model("distill", f"student={student}", "compression", 0.9)
        _put(store, taught, seed, f"student-{seed}", f"teacher-{seed}", taught=True)
    (board,) = boards_of(store)
    (family,) = families(board, Predictions(store, rows(store.read_all())))
    assert family[1].control is not None and family[1].control.recipe == alone.recipe


def test_the_same_compression_of_two_parents_is_two_lines(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    for parent in ("one", "two"):
        _put(store, Model("finetune", f"backbone={parent}", "transformers_pt"), 0, parent, None)
        _put(store, Model("prune", "", "compression"), 0, f"{parent}-pruned", parent)
        _put(store, Model("quantize", "", "compression"), 0, f"{parent}-int8", f"{parent}-pruned")
    (board,) = boards_of(store)
    assert len(board.ok_lines) == 6
    assert len(families(board, Predictions(store, rows(store.read_all())))) == 2


def test_a_swept_parameter_is_drawn_over_its_values(board: Board) -> None:
    (fold,) = sweeps(board)
    (chart,) = fold["blocks"]
    values, parent = chart["series"]
    assert chart["x"] == "alpha" and values["x"] == list(ALPHAS)
    assert parent["y"][0] == pytest.approx(0.95, abs=0.03)
