"""`bench recommend`: chosen on validation inside bounds, told by test, and how sure that is."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bench.schema import Memory
from bench.store import Store
from tests.conftest import ROOT
from tests.recommend.conftest import GOOD, POOR, QUICK, Ask, put
from tests.report.synthetic import Model, measurement, result, session
from tests.report.test_report_commands import call


def test_the_answer_comes_first_at_80_columns(
    three: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    bounds = ("--max-latency-ms", "8", "--max-size-mb", "10")
    assert call("recommend", "-d", "emotions", "--store", str(three.root), *bounds) == 0
    *lines, serve = capsys.readouterr().out.strip().splitlines()
    assert all(len(line) <= 80 for line in lines)
    sentence = " ".join(" ".join(lines[:4]).split())
    assert sentence.startswith("Ship LSTM on emotions: the highest accuracy on validation of 2 models that keep to")
    assert "p50 ≤ 8 ms, size ≤ 10 MB; on test it is not shown to be worse than any of them." in sentence
    assert serve.startswith("serve it: python -m serving http emotions-lstm-units256-s")
    assert serve.endswith(f"--store {three.root}")


def test_what_test_says(three: Store, ask: Ask) -> None:
    code, found = ask(three, "--max-latency-ms", "8")
    choice = found["choice"]
    assert code == 0 and choice["model"] == "lstm[units=256]" and found["inside"] == ["lstm[units=256]", "linear"]
    assert choice["test"]["low"] < choice["test"]["value"] < choice["test"]["high"]
    assert choice["test"]["seeds"] == "own"
    (beaten,) = choice["beats"]
    assert beaten["model"] == "linear" and 0 < beaten["difference"]["low"] < beaten["difference"]["value"]
    assert not choice["ties"] and not choice["loses"]
    latency = choice["figures"]["latency"]
    assert latency["low"] < latency["value"] < latency["high"] < 8
    assert found["best_without_bounds"] is None and found["session"] == session().id


def test_odds_are_of_texts_seeds_and_rounds(three: Store, ask: Ask) -> None:
    _, found = ask(three, "--max-latency-ms", "8")
    odds = found["choice"]["odds"]
    assert odds["best"] > 0.95 and odds["within"] == 1 and odds["front"] > 0.95
    assert odds["axes"] == ["latency", "size"] and odds["models"] == 3
    p50 = found["choice"]["figures"]["latency"]["value"]
    _, tight = ask(three, "--max-latency-ms", str(p50 * 1.0001))
    assert 0.3 < tight["choice"]["odds"]["within"] < 0.95
    assert tight["choice"]["odds"]["best"] < odds["best"]


def test_a_copy_shares_the_odds_and_ties(store: Store, ask: Ask) -> None:
    for name in ("one", "other"):
        for seed in range(3):
            made, arrays = result(GOOD, seed, n=300, run_id=f"{name}-{seed}", variant=name, params={"name": name})
            store.put(made, arrays)
    _, found = ask(store)
    assert [tied["difference"]["value"] for tied in found["choice"]["ties"]] == [0.0]
    assert found["choice"]["odds"]["best"] == pytest.approx(0.5, abs=0.05)
    assert found["choice"]["odds"]["front"] == 1  # a copy is not better in anything


def test_it_chooses_on_validation_and_says_what_test_shows(
    store: Store, ask: Ask, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that is better on validation alone is chosen all the same, and test says that it is worse."""
    put(store, QUICK)
    for seed in range(3):
        _, lucky = result(GOOD, seed, n=300)
        made, arrays = result(POOR, seed, n=300)
        store.put(made, arrays | {name: lucky[name] for name in lucky if name.startswith("validation_")})
    code, found = ask(store)
    assert code == 0 and found["choice"]["model"] == "dnn"
    (better,) = found["choice"]["loses"]
    assert better["model"] == "linear" and better["difference"]["high"] < 0
    assert found["choice"]["odds"]["best"] < 0.05 and found["choice"]["odds"]["front"] < 0.05
    assert call("recommend", "--store", str(store.root)) == 0
    assert "on test it is shown to be worse than 1 of them, by up to 0." in " ".join(capsys.readouterr().out.split())


def test_where_nothing_fits_it_says_which_bound_to_loosen(
    three: Store, ask: Ask, capsys: pytest.CaptureFixture[str]
) -> None:
    bounds = ("--max-latency-ms", "0.1", "--max-size-mb", "5")
    code, found = ask(three, *bounds)
    assert code == 1 and found["choice"] is None
    (way,) = found["loosenings"]
    assert way["option"] == "--max-latency-ms" and way["model"] == "linear"
    assert [miss["model"] for miss in found["misses"]] == ["linear", "lstm[units=256]", "dnn"]
    loosened, again = ask(three, "--max-latency-ms", str(way["to"]), "--max-size-mb", "5")
    assert loosened == 0 and again["choice"]["model"] == "linear"
    assert call("recommend", "--store", str(three.root), *bounds) == 1
    shown = " ".join(capsys.readouterr().out.split())
    assert f"Nothing on emotions keeps to p50 ≤ 0.1 ms, size ≤ 5 MB: --max-latency-ms {way['to']:.6g} lets in" in shown


@pytest.mark.parametrize(
    ("bounds", "model"),
    [
        (("--min-throughput", "2000"), "linear"),
        (("--max-memory-mb", "305"), "linear"),
        (("--max-cost", "0.02"), "linear"),
        (("--min-accuracy", "0.9"), "lstm[units=256]"),
        (("--min-macro-f1", "0.9", "--metric", "macro_f1"), "lstm[units=256]"),
    ],
)
def test_every_bound_binds(three: Store, ask: Ask, bounds: tuple[str, ...], model: str) -> None:
    code, found = ask(three, *bounds)
    assert code == 0 and found["choice"]["model"] == model and found["inside"] == [model]


def test_the_price_is_of_the_cheapest_machine_of_as_many_cores(three: Store, ask: Ask) -> None:
    _, found = ask(three)
    choice = found["choice"]
    assert choice["price"]["vcpu"] == 2 and choice["price"]["date"].startswith("20")
    per_hour = choice["figures"]["throughput"]["value"] * 3600
    assert choice["figures"]["cost"]["value"] == pytest.approx(1e6 * choice["price"]["usd_per_hour"] / per_hour)
    _, one = ask(three, "--threads", "1")
    assert one["choice"]["price"]["vcpu"] == 1
    assert one["choice"]["figures"]["latency"]["value"] > choice["figures"]["latency"]["value"]


def test_p95_has_an_interval_from_its_calls(store: Store, ask: Ask) -> None:
    put(store, QUICK)
    random = np.random.default_rng(0)
    for seed in range(3):
        made, arrays = result(GOOD, seed, n=300)
        calls, rounds = random.gamma(9, 0.5e6, 2000).astype(np.int64), np.repeat(np.arange(10, dtype=np.int8), 200)
        store.put(made, arrays, {"single_stream_t2_ns": calls, "single_stream_t2_round": rounds})
    _, found = ask(store, "--latency", "p95", "--max-latency-ms", "20")
    latency = found["choice"]["figures"]["latency"]
    assert found["choice"]["model"] == "lstm[units=256]" and latency["low"] < latency["value"]
    assert found["latency"] == "p95"
    code, none = ask(store, "--latency", "p99", "--max-latency-ms", "20")
    assert code == 1 and {each["reason"] for each in none["unjudged"]} == {"no p99: under 1,000 calls were timed"}


def test_what_lacks_a_figure_is_listed(store: Store, ask: Ask) -> None:
    put(store, QUICK)
    put(store, GOOD, measurement=None)
    put(store, POOR, memory=Memory())
    elsewhere = measurement(1.0, np.random.default_rng(0)).model_copy(update={"session": session("20250101T000000-a")})
    put(store, Model("tinybert", accuracy=0.9), measurement=elsewhere)
    refit = Model("lstm", "units=8", accuracy=0.9)
    put(store, refit, seeds=1, trained_on="train+validation")
    _, found = ask(store, "--max-latency-ms", "20", "--max-memory-mb", "1000")
    reasons = {
        each["model"].partition("[")[0] + str(len(each["run_ids"])): each["reason"] for each in found["unjudged"]
    }
    assert reasons["lstm3"].startswith("not timed (python -m bench measure -d 'emotions'")
    assert reasons["tinybert3"].startswith("timed elsewhere or in another session")
    assert reasons["dnn3"] == "not measured: memory" and reasons["lstm1"] == "no validation predictions are stored"
    assert found["choice"]["model"] == "linear" and found["best_without_bounds"]["model"] == "lstm[units=256]"


def put_student(store: Store, alpha: float, wrong: int) -> None:
    """Three seeds of a student of distilbert that has all but the first so many validation texts right."""
    for seed in range(3):
        of = {"teacher_run_id": f"emotions-distilbert--s{seed}", "params": {"alpha": alpha}}
        made, arrays = result(Model("student", f"alpha={alpha}", accuracy=0.9), seed, n=300, **of)
        arrays["validation_probabilities"] = np.eye(6, dtype=np.float32)[arrays["validation_labels"]]
        arrays["validation_probabilities"][:wrong] = np.roll(arrays["validation_probabilities"][:wrong], 1, axis=1)
        store.put(made, arrays)


def test_a_control_is_not_taken_while_a_taught_one_is_not_shown_to_be_worse(
    store: Store, ask: Ask, capsys: pytest.CaptureFixture[str]
) -> None:
    put(store, Model("distilbert", track="transformers_pt", accuracy=0.5))
    put_student(store, 0.0, wrong=10)
    put_student(store, 0.5, wrong=90)
    _, found = ask(store)
    assert "alpha 0.0" in found["choice"]["title"] and found["choice"]["standin"].startswith("a control")
    assert found["choice"]["passed_over"] is None
    put_student(store, 0.5, wrong=12)
    _, found = ask(store)
    assert found["choice"]["standin"] == "" and "alpha=0.0" in found["choice"]["passed_over"]
    assert call("recommend", "--store", str(store.root)) == 0
    assert "no teacher taught it), not shown to be better" in " ".join(capsys.readouterr().out.split())


def test_models_of_few_labels_are_considered_where_there_is_no_other(store: Store, ask: Ask) -> None:
    few = Model("setfit", accuracy=0.93, parameters=2_000_000, p50_ms=5.0)
    put(store, few, trained_on="16 a label")
    assert ask(store)[1]["choice"]["model"] == "setfit[16 a label]"
    put(store, QUICK)
    _, found = ask(store)
    assert found["choice"]["model"] == "linear" and found["choice"]["odds"]["models"] == 1


def test_one_seed_and_equal_predictions_have_an_answer(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    put(store, Model("linear", accuracy=1.0), Model("dnn", accuracy=1.0), seeds=1)
    assert call("recommend", "--store", str(store.root)) == 0
    assert "one seed; the interval is over the texts alone" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-d", "emotion"), "did you mean 'emotions'"),
        (("--metric", "acuracy"), "did you mean 'accuracy'"),
        (("--max-latency-ms", "-1"), "--max-latency-ms -1: a number above 0"),
        (("--max-cost", "nan"), "--max-cost nan: a number above 0"),
        (("--min-accuracy", "90"), "--min-accuracy 90: above 0 and below 1"),
        (("--threads", "7"), "--threads 7: emotions was timed with 1 and with 2"),
    ],
)
def test_bad_questions_are_one_line(
    three: Store, arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("recommend", "--store", str(three.root), *arguments) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


@pytest.mark.parametrize(
    ("changes", "arguments", "message"),
    [
        ({"measurement": None}, ("--max-latency-ms", "5"), "no model of emotions is timed: python -m bench measure"),
        ({"trained_on": "train+validation"}, (), "nothing is chosen on test: run its models again"),
    ],
)
def test_what_cannot_be_asked_of_a_store(
    store: Store, changes: dict[str, object], arguments: tuple[str, ...], message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    put(store, QUICK, GOOD, **changes)
    assert call("recommend", "--store", str(store.root), *arguments) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


def test_a_store_with_holes_still_answers(store: Store, ask: Ask) -> None:
    put(store, QUICK, GOOD)
    for run_id in store.run_ids():
        if "lstm" in run_id:
            (store.folder(run_id) / "predictions.npz").unlink()
    code, found = ask(store, "--max-latency-ms", "20")
    assert code == 0 and found["choice"]["model"] == "linear"
    assert [each["model"] for each in found["unjudged"]] == ["lstm[units=256]"]


def test_a_table_for_pages_has_the_plain_baseline_and_the_floor_beside_the_choice(
    three: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("recommend", "--store", str(three.root), "--markdown") == 0
    head, rule, line = capsys.readouterr().out.splitlines()
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert head.count("|") == rule.count("|") == line.count("|") and cells[:3] == ["emotions", "accuracy", "LSTM"]
    assert cells[4] == "not shown to be worse than any of 2" and cells[7].startswith("0.8") and cells[8] == ""
    assert call("recommend", "--store", str(three.root), "--markdown", "--max-size-mb", "0.1") == 1
    assert "nothing keeps to size ≤ 0.1 MB" in capsys.readouterr().out


def test_a_board_that_cannot_be_asked_stops_no_other(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    put(store, QUICK, GOOD)
    store.put(*result(QUICK, 0, "imdb", measurement=None))
    where = ("--store", str(store.root), "--max-latency-ms", "8")
    assert call("recommend", *where) == 0
    shown = capsys.readouterr()
    assert "Ship LSTM on emotions" in " ".join(shown.out.split())
    assert shown.err == "left out: no model of imdb is timed: python -m bench measure -d 'imdb'\n"
    assert call("recommend", *where, "--json") == 0
    assert [each["dataset"] for each in json.loads(capsys.readouterr().out)] == ["emotions"]
    assert call("recommend", *where, "-d", "imdb") == 2


@pytest.mark.slow
@pytest.mark.parametrize("dataset", ["covid19-5", "emotions", "imdb", "tweeteval-sentiment-rebuilt"])
def test_on_published_boards_none_inside_the_bounds_is_better_or_it_says_by_how_much(
    dataset: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for bounds in ((), ("--max-latency-ms", "5"), ("--max-latency-ms", "1", "--max-size-mb", "5")):
        assert call("recommend", "-d", dataset, "--store", str(ROOT / "reports"), *bounds) == 0
        sentence = " ".join(capsys.readouterr().out.split())
        assert "not shown to be worse than any of them" in sentence or "of them, by up to 0." in sentence
