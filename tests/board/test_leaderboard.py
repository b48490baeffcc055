"""The leaderboard: means, ties, failures, what is not comparable."""

from __future__ import annotations

import statistics
from dataclasses import replace

import numpy as np
import pytest

from bench.board.advice import Advice, advice
from bench.board.facts import facts
from bench.board.inference import Inference
from bench.board.leaderboard import Board
from bench.board.predictions import Predictions
from bench.report.tables import latex, markdown
from bench.schema import Interval, Result
from bench.store import Store
from tests.report.synthetic import EMOTIONS, Model, boards_of, environment, failure, quality, result


def scored(
    model: Model, seed: int, accuracy: float, half: float, n: int = 400, **changes: object
) -> tuple[Result, dict]:
    """A result with exactly that accuracy and interval."""
    made, arrays = result(model, seed, n=n, **changes)
    assert made.quality
    interval = Interval(value=accuracy, low=accuracy - half, high=accuracy + half)
    return made.model_copy(update={"quality": made.quality.model_copy(update={"accuracy": interval})}), arrays


def only_board(store: Store) -> Board:
    (board,) = boards_of(store)
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


def test_the_interval_is_over_texts_and_seeds(store: Store) -> None:
    for seed in range(3):
        store.put(*result(Model("linear", accuracy=0.9), seed))
    store.put(*result(Model("lstm", accuracy=0.9), 0))
    linear, lstm = sorted(only_board(store).lines, key=lambda line: line.recipe)
    assert linear.standing and linear.standing.score.seeds == "own" and linear.interval
    low, high = linear.interval
    assert low < linear.score < high and high - low < 0.2
    assert lstm.standing and lstm.standing.score.seeds == "none" and "‡" in markdown([only_board(store)])


def test_a_tie_is_what_is_not_shown_to_be_worse(store: Store) -> None:
    for name, accuracy in (("best", 0.95), ("near", 0.93), ("far", 0.80)):
        for seed in range(3):
            store.put(*result(Model(name, accuracy=accuracy), seed))
    board = only_board(store)
    assert [(line.recipe, line.rank, line.tied) for line in board.lines] == [
        ("best", 1, True),
        ("near", 1, True),
        ("far", 3, False),
    ]
    text = markdown([board])
    assert "| =1 | near" in text and "| 3 | far" in text
    standing = board.lines[2].standing
    assert standing and standing.behind and standing.behind_interval and standing.behind_interval[1] < 0
    assert standing.behind.value == pytest.approx(board.lines[2].score - board.lines[0].score)
    assert board.resolution and f"down to {board.resolution:.3f} can be shown" in facts(board)[0]
    assert f"{standing.behind.value:+.3f} ({standing.behind_interval[0]:+.3f} to" in text


def test_a_best_model_alone_is_no_tie(store: Store) -> None:
    for name, accuracy in (("best", 0.92), ("far", 0.70)):
        store.put(*result(Model(name, accuracy=accuracy), 0))
    board = only_board(store)
    assert [(line.rank, line.tied) for line in board.lines] == [(1, False), (2, False)]
    assert [line.recipe for line in board.tied] == ["best"] and "=1 |" not in markdown([board])
    found = advised(board, store)
    assert found.headline == (
        "Ship best: the best on validation; the others are shown to be worse there, or have over 0.01 less; "
        "on test it leads all others."
    )


def test_a_line_without_predictions_is_compared_with_none(store: Store) -> None:
    for name, accuracy in (("best", 0.95), ("lost", 0.94), ("near", 0.93)):
        made, arrays = result(Model(name, accuracy=accuracy), 0)
        store.put(made, None if name == "lost" else arrays)
    lost = next(line for line in only_board(store).lines if line.recipe == "lost")
    assert lost.standing is None and not lost.tied and lost.interval is not None
    assert any("1 lines have no stored predictions" in fact for fact in facts(only_board(store)))
    assert [line.rank for line in only_board(store).lines if line is not lost].count(1) == 2


def test_the_metric_of_the_data_set_ranks(store: Store) -> None:
    """One that knows the frequent label alone is more accurate, and finds fewer of the labels."""
    labels = np.repeat([0, 1, 2], [300, 60, 40])
    random = np.random.default_rng(0)
    frequent, even = np.where(random.random(400) < 0.97, 0, labels), np.where(random.random(400) < 0.3, 0, labels)
    even = np.where((labels == 0) & (random.random(400) < 0.4), 1, even)
    for name, predicted in (("frequent", frequent), ("even", even)):
        made, arrays = result(Model(name), 0, "tweeteval-sentiment-rebuilt", 400, ("a", "b", "c"))
        arrays |= {"labels": labels, "probabilities": np.eye(3, dtype=np.float32)[predicted]}
        store.put(made.model_copy(update={"quality": quality(arrays, ("a", "b", "c"))}), arrays)
    board = only_board(store)
    first, second = board.lines
    assert (first.recipe, board.metric, first.metric) == ("even", "macro_recall", "macro_recall")
    assert (second.values.accuracy or 0) > (first.values.accuracy or 0) and first.score == first.values.macro_recall
    assert second.rank == 2 and "ranked by macro-recall" in facts(board)[0]


def test_a_child_is_compared_with_its_parent_seed_by_seed(store: Store) -> None:
    """Trainings differ far more than what their compression changes: paired, the change is seen."""
    random, labels = np.random.default_rng(0), np.random.default_rng(1).integers(0, 6, 1000)
    for seed, accuracy in enumerate((0.85, 0.90, 0.80)):
        right = random.random(1000) < accuracy
        for name, kept, parent in (("finetune", 1.0, None), ("prune", 0.98, f"finetune-{seed}")):
            predicted = np.where(right & (random.random(1000) < kept), labels, (labels + 1) % 6)
            made, arrays = result(Model(name), seed, n=1000, run_id=f"{name}-{seed}", parent_run_id=parent)
            arrays |= {"labels": labels, "probabilities": np.eye(6, dtype=np.float32)[predicted]}
            store.put(made.model_copy(update={"quality": quality(arrays, EMOTIONS)}), arrays)
    child = only_board(store).lines[1]
    assert child.recipe == "prune" and child.standing and child.standing.behind and child.standing.worse
    assert child.standing.behind.error < 0.01 < child.standing.score.error


def test_failures_are_rows_with_status_and_reason(full_store: Store) -> None:
    board = next(board for board in boards_of(full_store) if board.data.dataset == "emotions")
    last = board.lines[-1]
    assert (last.name, last.status, last.rank) == ("lstm[units=4096]", "out_of_memory", None)
    assert "killed at 21.3 GB" in last.reason
    dnn = next(line for line in board.lines if line.recipe == "dnn")
    assert dnn.ok and dnn.failed == 1 and len(dnn.seeds) == 3 and dnn.reason.startswith("seed 3: failed in train")


def test_only_failures_still_make_a_board(store: Store) -> None:
    store.put(failure(Model("linear"), status="unavailable", reason="scikit-learn is not installed"))
    board = only_board(store)
    assert board.resolution is None and not board.ok_lines
    assert advice(board, Inference([], Predictions(store, []), "accuracy", "validation")) is None
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
    names = [board.name for board in boards_of(store)]
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
    board = next(board for board in boards_of(full_store) if board.data.dataset == "hostile")
    assert board.data.notes == ["rebuilt: its train text is a reconstruction", "<i>synthetic</i>"]
    assert "rebuilt" in markdown([board]) and "<i>" not in markdown([board])


def test_child_names_its_parent(full_store: Store) -> None:
    board = next(board for board in boards_of(full_store) if board.data.dataset == "emotions")
    assert any(line.title == "distilbert · ONNX int8" for line in board.lines)


Stored = tuple[Result, dict[str, np.ndarray]]


def validated_like(made: Stored, other: Stored) -> Stored:
    """With the validation of another run: neither is better there."""
    validation = {name: array for name, array in other[1].items() if name.startswith("validation_")}
    return made[0], made[1] | validation


def advised(board: Board, store: Store) -> Advice:
    found = advice(board, Inference(board.ok_lines, Predictions(store, []), board.metric, "validation"))
    assert found is not None
    return found


def test_advice_ships_the_fastest_of_those_that_validation_cannot_tell_apart(store: Store) -> None:
    big = result(Model("big", accuracy=0.96, p50_ms=50.0, parameters=10**8), 0)
    for made in (big, validated_like(result(Model("small", accuracy=0.91), 0), big)):
        store.put(*made)
    store.put(*result(Model("far", accuracy=0.925, p50_ms=0.01), 0))  # not shown to be worse, but two points below
    store.put(*result(Model("bad", accuracy=0.5, p50_ms=0.01, parameters=10), 0))
    found = advised(only_board(store), store)
    assert found.headline.startswith(
        "Ship small: the fastest of 2 that are not shown to be worse than the best on valid"
    )
    assert [pick.line and pick.line.recipe for pick in found.picks][::3] == ["small", "big"]
    assert any("fewer than 3 seeds" in caveat for caveat in found.caveats)


def test_times_within_the_noise_do_not_decide(store: Store) -> None:
    for model in (Model("better", accuracy=0.95, p50_ms=1.1), Model("quicker", accuracy=0.92, p50_ms=1.0)):
        store.put(*result(model, 0))
    found = advised(only_board(store), store)
    assert found.headline.startswith(
        "Ship better: the best on validation, and of 2 that are not shown to be worse there none is shown to be faster"
    )


def test_times_of_unknown_sessions_do_not_decide_and_the_reason_says_so(store: Store) -> None:
    like = result(Model("untimed", accuracy=0.97), 0)
    for model in (
        Model("untimed", accuracy=0.97),
        Model("better", accuracy=0.955),
        Model("quicker", accuracy=0.925, p50_ms=0.01),
    ):
        made, arrays = validated_like(result(model, 0), like)
        assert made.measurement is not None
        unknown = made.measurement.model_copy(update={"session": None, "protocol": "rounds-1"})
        timed = None if model.recipe == "untimed" else unknown
        store.put(made.model_copy(update={"measurement": timed}), arrays)
    found = advised(only_board(store), store)
    assert found.headline.startswith("Ship better: the best on validation of those that are timed, and of 3 that")
    assert "none is shown to be faster: it is not known which were timed together" in found.headline


def test_what_is_chosen_is_held_against_the_test(store: Store) -> None:
    """Validation cannot tell them apart, the larger test can: the choice stays, and what it loses is said."""
    for model in (Model("big", accuracy=0.95, p50_ms=50.0), Model("small", accuracy=0.88)):
        made, arrays = result(model, 0, n=4000)
        if model.recipe == "big":
            few = {f"validation_{name}": arrays[name][:20] for name in ("labels", "probabilities")}
        store.put(made, arrays | few)
    found = advised(only_board(store), store)
    assert (
        found.headline.startswith("Ship small") and "on test it is worse than the highest, big: -0.0" in found.headline
    )


def test_an_untaught_control_is_named_as_one(store: Store) -> None:
    teacher = result(Model("finetune", accuracy=0.93, p50_ms=50.0), 0, run_id="teacher")
    control = Model("distill", "student=lstm,alpha=0.0", "compression", 0.92)
    child = result(control, 0, parent_run_id="teacher", teacher_run_id="teacher")
    for made in (teacher, validated_like(child, teacher)):
        store.put(*made)
    assert "(a control: no teacher taught it)" in advised(only_board(store), store).headline


@pytest.mark.parametrize(("dataset", "maker"), [("covid19-5", "a lexicon"), ("emotions", "hashtags"), ("sst2", "")])
def test_advice_tells_of_labels_that_no_person_gave(store: Store, dataset: str, maker: str) -> None:
    store.put(*result(Model("one", accuracy=0.92), 0, dataset))
    told = [caveat for caveat in advised(only_board(store), store).caveats if "not by people" in caveat]
    assert told == (
        [f"the test's labels were given by {maker}, not by people: a score is agreement with that"] * bool(maker)
    )


def test_advice_without_times_and_without_validation(store: Store) -> None:
    one = result(Model("one", accuracy=0.92), 0)
    for made, arrays in (one, validated_like(result(Model("two", accuracy=0.915), 0), one)):
        store.put(made.model_copy(update={"measurement": None}), arrays)
    found = advised(only_board(store), store)
    assert "the smallest of 2" in found.headline
    assert "no latency measured of those to choose from" in found.caveats
    for name in ("one", "two"):
        made, arrays = result(Model(name), 0, trained_on="train+validation")
        store.put(made, arrays)
    refits = [line for line in only_board(store).lines if line.refit]
    board = replace(only_board(store), lines=tuple(refits))
    assert "which is no choice" in advised(board, store).headline


def test_latex_escapes(full_store: Store) -> None:
    text = latex(boards_of(full_store))
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") == 2
    assert r"distilbert $\cdot$ ONNX int8" in text and r"LSTM $\cdot$ units 4096" in text
    assert EMOTIONS[0] not in text
    for line in text.splitlines():
        if line.endswith(r"\\"):
            assert line.replace(r"\&", "").count("&") in (18,)


def test_short_names_hold_only_what_tells_models_apart(store: Store) -> None:
    for model in (
        Model("lstm", "units=64,dropout=0.4"),
        Model("linear", "C=0.5,ngrams=[3,6]"),
        Model("linear", "C=8,ngrams=[3,6]"),
        Model("dnn"),
        Model("dnn", "layers=512"),
    ):
        store.put(*scored(model, 0, 0.9, 0.01))
    (board,) = boards_of(store)
    assert {line.name: line.short for line in board.lines} == {
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
    (board,) = boards_of(store)
    assert {line.name: line.short for line in board.lines} == {
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
    (board,) = boards_of(store)
    assert {line.title for line in board.lines} == {
        "DNN · units 8",
        "DNN · units 16",
        "DNN · units 8 · int8",
        "DNN · units 16 · int8",
        "Static look-up · distilled",
        "LSTM · distilled · units 8",
        "LSTM · distilled · units 9",
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
        "DNN",
        "Linear SVM",
        "2 × DNN",
        "DNN + Linear SVM",
        "LSTM · distilled · taught by 2 × DNN",
        "LSTM · distilled · taught by DNN + Linear SVM",
    }
