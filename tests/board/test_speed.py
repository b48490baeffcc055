"""Ratios of times: within a session, from rounds; anything else has none, and says why."""

from __future__ import annotations

from typing import Any

import pytest

from bench.board.advice import advice
from bench.board.comparison import comparisons, document
from bench.board.facts import facts
from bench.board.inference import Inference
from bench.board.leaderboard import Board
from bench.board.noise import Noise
from bench.board.predictions import Predictions
from bench.board.row import Row
from bench.board.rows import rows
from bench.board.speed import speed_up
from bench.report.columns import COLUMNS
from bench.report.tables import markdown
from bench.schema import Measurement, Result, Round
from bench.store import Store
from tests.report.synthetic import Model, boards_of, environment, result, session

QUIET = Noise(0.01, 0.01, "2026-01-01T00:00:00+00:00")


def timed(store: Store, name: str, p50: float = 1.0, seed: int = 0, **changes: Any) -> Result:
    """A stored run whose measurement is changed."""
    made, arrays = result(Model(name, p50_ms=p50), seed)
    assert made.measurement is not None
    made = made.model_copy(update={"measurement": made.measurement.model_copy(update=changes)})
    store.put(made, arrays)
    return made


def with_rounds(measurement: Measurement, factors: list[float]) -> Measurement:
    """The rounds of every scenario at those multiples of its median."""
    latency = [
        row.model_copy(update={"rounds_p50_ms": [row.p50_ms * x for x in factors], "steady": None})
        for row in measurement.latency
    ]
    return measurement.model_copy(update={"latency": latency})


def only(store: Store) -> tuple[Board, dict[str, Row]]:
    read = rows(store.read_all())
    (board,) = boards_of(store)
    return board, {row.recipe: row for row in read}


def test_a_ratio_is_of_the_rounds_of_one_session(store: Store) -> None:
    timed(store, "linear", 3.0)
    timed(store, "lstm", 1.0)
    _, by_recipe = only(store)
    found = speed_up([(by_recipe["linear"], by_recipe["lstm"])], QUIET)
    assert found.estimate is not None and found.estimate.value == pytest.approx(3.0, rel=0.2)
    assert found.estimate.low == pytest.approx(found.estimate.value) == found.estimate.high, "the noise was shared"
    assert found.verdict == "faster" and found.text.startswith(f"{found.estimate.value:.2f} (")
    back = speed_up([(by_recipe["lstm"], by_recipe["linear"])], QUIET)
    assert back.verdict == "slower" and back.estimate is not None
    assert back.estimate.value == pytest.approx(1 / found.estimate.value)
    throughput = speed_up([(by_recipe["linear"], by_recipe["lstm"])], QUIET, "throughput")
    assert throughput.estimate is not None and throughput.estimate.value == pytest.approx(3.0, rel=0.2)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"session": session("20260102T000000-def456")}, "other session"),
        ({"session": None}, "session unknown"),
        ({"machine": "another"}, "other machine"),
        ({"protocol": "rounds-1"}, "other protocol"),
        (None, "not timed"),
    ],
)
def test_anything_else_has_no_ratio_and_says_why(store: Store, changes: dict[str, Any] | None, reason: str) -> None:
    timed(store, "linear", 3.0)
    made = timed(store, "lstm", 1.0, **(changes or {}))
    if changes is None:
        store.put(made.model_copy(update={"measurement": None}))
    _, by_recipe = only(store)
    found = speed_up([(by_recipe["linear"], by_recipe["lstm"])], QUIET)
    assert (found.estimate, found.reason, found.verdict, found.text) == (None, reason, "equal", f"× {reason}")


def test_no_difference_inside_the_interval_or_under_the_noise_floor(store: Store) -> None:
    timed(store, "linear", 1.0)
    made = timed(store, "lstm", 1.0)
    assert made.measurement is not None
    both_sides = [0.8, 1.2] * 5
    noisy = with_rounds(made.measurement, both_sides)
    store.put(made.model_copy(update={"measurement": noisy}))
    _, by_recipe = only(store)
    pair = [(by_recipe["linear"], by_recipe["lstm"])]
    assert speed_up(pair, QUIET).verdict == "equal" and speed_up(pair, QUIET).text.startswith("≈")
    store.put(made.model_copy(update={"measurement": with_rounds(made.measurement, [0.9] * 10)}))
    _, by_recipe = only(store)
    pair = [(by_recipe["linear"], by_recipe["lstm"])]
    floors = [speed_up(pair, Noise(floor, floor)).verdict for floor in (0.01, 0.5)]
    assert floors == ["faster", "equal"]


def test_a_board_shows_the_times_of_the_session_of_most_lines(store: Store) -> None:
    old = session("20250101T000000-old000")
    for name in ("linear", "dnn"):
        timed(store, name)
    timed(store, "lstm", session=old)
    board, _ = only(store)
    assert board.session == session().id and board.timed_elsewhere == 1
    p50 = next(column for column in COLUMNS if column.title == "p50 ms")
    cells = {line.recipe: p50.text(line) for line in board.lines}
    assert cells["lstm"] == "×" and cells["linear"] not in ("", "×")
    assert any("bench measure -d 'emotions'" in fact for fact in facts(board)) and "×" in markdown([board])


def test_a_known_session_then_of_equally_many_lines_the_newest_counts(store: Store) -> None:
    timed(store, "linear", session=None)
    timed(store, "static", session=None)
    timed(store, "dnn", session=session("20250101T000000-old000"))
    timed(store, "lstm", session=session("20260101T000000-new000"))
    assert only(store)[0].session == "20260101T000000-new000"


def test_times_before_sessions_stand_together_without_ratios(store: Store) -> None:
    for name in ("linear", "lstm"):
        timed(store, name, session=None, protocol="rounds-1")
    board, _ = only(store)
    assert all(line.values.p50_ms_b1 for line in board.ok_lines)
    assert any("unknown sessions: no ratios are given" in fact for fact in facts(board))


def test_unsteady_times_and_times_beside_other_load_are_marked(store: Store) -> None:
    made = timed(store, "linear")
    assert made.measurement is not None
    latency = [row.model_copy(update={"steady": False}) for row in made.measurement.latency]
    taken = [Round(threads=2, number=0, started_at="2026-01-01T00:00:00+00:00", other_load=1.3)]
    timed(store, "linear", latency=latency, timed=taken)
    timed(store, "lstm")
    board, _ = only(store)
    p50 = next(column for column in COLUMNS if column.title == "p50 ms")
    cells = {line.recipe: p50.text(line) for line in board.lines}
    assert cells["linear"].endswith(" ~ !") and "~" not in cells["lstm"] and "!" not in cells["lstm"]
    assert any(fact.startswith("~ marks") for fact in facts(board))
    assert any(fact.startswith("! marks") and "1.3" in fact for fact in facts(board))


def test_no_fastest_is_named_across_sessions(store: Store) -> None:
    timed(store, "linear", 50.0)
    timed(store, "lstm", 1.0, session=session("20250101T000000-old000"))
    timed(store, "dnn", 50.0)
    board, _ = only(store)
    found = advice(board, Inference(board.ok_lines, Predictions(store, []), board.metric, "validation"))
    assert found is not None and "lstm" not in str(found.picks[0].line)


def test_two_models_are_compared_by_speed_too(store: Store) -> None:
    for seed in range(2):
        timed(store, "linear", 3.0, seed)
        timed(store, "lstm", 1.0, seed)
    read = rows(store.read_all())
    (found,) = comparisons(boards_of(store), Predictions(store, read), "linear", ["lstm"], None, 0.01)
    assert found.speed.verdict == "faster"
    shown = document(found)["speed_up"]
    assert shown["verdict"] == "faster" and shown["noise_floor"] == 0.2 and shown["reason"] == ""


def test_another_machine_has_neither_time_nor_ratio(store: Store) -> None:
    timed(store, "linear")
    made, arrays = result(Model("lstm"), environment=environment("other"))
    store.put(made, arrays)
    _, by_recipe = only(store)
    assert speed_up([(by_recipe["linear"], by_recipe["lstm"])], QUIET).reason == "other machine"
