"""`bench run` as a user calls it: results, caching, explained misses, failure rows, exit codes."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from bench.cli import main
from bench.machine import cores
from bench.measure.schedule import thread_counts
from bench.store import Store
from tests.conftest import ROOT, Bench, bench_environment

QUICK = ("-d", "toy", "--measure", "none")


def _results(tmp_path: Path) -> list[dict]:
    return [result.model_dump(mode="json") for result in Store(tmp_path / "store").read_all()]


def test_a_run_is_scored_by_the_harness_and_stored(bench: Bench, tmp_path: Path) -> None:
    done = bench("run", "-r", "bayes", *QUICK)
    assert done.returncode == 0, done.stderr
    (document,) = _results(tmp_path)
    stored = Store(tmp_path / "store").arrays(document["run_id"], "predictions")
    accuracy = float((stored["probabilities"].argmax(axis=1) == stored["labels"]).mean())
    assert document["quality"]["accuracy"]["value"] == pytest.approx(accuracy)
    assert accuracy > 0.6
    assert document["outcome"]["status"] == "ok"
    assert document["data"]["n_test"] == len(stored["labels"])
    assert document["memory"]["training_peak_bytes"] > 10_000_000
    assert document["training"]["history"] == [{"epoch": 1.0, "loss": 1.0}]


def test_the_second_call_is_cached_and_says_so(bench: Bench, tmp_path: Path) -> None:
    bench("run", "-r", "bayes", *QUICK)
    before = (Store(tmp_path / "store").folder(_results(tmp_path)[0]["run_id"]) / "result.json").stat().st_mtime_ns
    again = bench("run", "-r", "bayes", *QUICK)
    assert again.returncode == 0
    assert "Everything is cached" in again.stdout
    after = (Store(tmp_path / "store").folder(_results(tmp_path)[0]["run_id"]) / "result.json").stat().st_mtime_ns
    assert before == after


def test_a_trained_artifact_is_hashed_once_before_it_is_scored_again(bench: Bench, tmp_path: Path) -> None:
    assert bench("run", "-r", "bayes", *QUICK).returncode == 0
    shutil.rmtree(tmp_path / "store" / "results")
    watched = {"PYTHONPATH": f"{ROOT / 'tests' / 'opened'}{os.pathsep}{ROOT}", "OPENED": str(tmp_path / "opened")}
    again = bench("run", "-r", "bayes", *QUICK, **watched)
    assert again.returncode == 0 and "trained already" in again.stdout
    opened = (tmp_path / "opened").read_text().split()
    assert opened.count("model.safetensors") == 2, "once for its hash, once for its gzipped size"


def test_two_trainings_with_one_seed_predict_the_same_and_seeds_differ(bench: Bench, tmp_path: Path) -> None:
    bench("run", "-r", "bayes", "--seeds", "0-1", *QUICK)
    first = {
        d["identity"]["seed"]: Store(tmp_path / "store").arrays(d["run_id"], "predictions") for d in _results(tmp_path)
    }
    bench("run", "-r", "bayes", "--seeds", "0-1", "--cache", "retrain", *QUICK)
    second = {
        d["identity"]["seed"]: Store(tmp_path / "store").arrays(d["run_id"], "predictions") for d in _results(tmp_path)
    }
    np.testing.assert_array_equal(first[0]["probabilities"], second[0]["probabilities"])
    assert not np.array_equal(first[0]["probabilities"], first[1]["probabilities"])


def test_a_cache_miss_names_what_changed(bench: Bench, tmp_path: Path) -> None:
    recipes = tmp_path / "mine"
    recipes.mkdir()
    source = (Path(__file__).parent.parent / "recipes" / "bayes.py").read_text()
    (recipes / "bayes.py").write_text(source)
    assert bench("run", "-r", "bayes", *QUICK, SENTIBENCH_RECIPES=str(recipes)).returncode == 0
    (recipes / "bayes.py").write_text(source.replace('"""', '"""Reworded: ', 1) + "\n# another thought\n")
    dry = bench("run", "-r", "bayes", "--dry-run", *QUICK, SENTIBENCH_RECIPES=str(recipes))
    assert "source changed" not in dry.stdout, "prose trains nothing"
    (recipes / "bayes.py").write_text(source + "\nTHOUGHT = 2\n")
    dry = bench("run", "-r", "bayes", "--dry-run", *QUICK, SENTIBENCH_RECIPES=str(recipes))
    assert re.search(r"train.*source changed", dry.stdout), dry.stdout
    assert len(_results(tmp_path)) == 1, "a dry run runs nothing"


def test_cache_only_stored_runs_nothing(bench: Bench, tmp_path: Path) -> None:
    done = bench("run", "-r", "bayes", "--cache", "only-stored", *QUICK)
    assert done.returncode == 4
    assert "not stored" in done.stdout
    assert _results(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("never", "--cache never: its name is now --cache retrain"),
        ("always", "--cache always: its name is now --cache only-stored"),
        ("only-missing", "--cache only-missing: its name is now --cache reuse"),
        ("reuze", "unknown --cache 'reuze': did you mean 'reuse'?"),
    ],
)
def test_an_older_name_of_a_cache_policy_is_an_error_with_the_new_one(
    name: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["run", "-r", "constant", "-d", "toy", "--cache", name])
    told = capsys.readouterr().err
    assert ended.value.code == 2 and said in told and told.count("\n") == 1


@pytest.mark.parametrize(
    ("how", "status", "phase", "reason"),
    [
        ("raise", "failed", "train", "ValueError: two lines of trouble"),
        ("refuse", "failed", "train", "loss is NaN at step 3; lower the learning rate"),
        ("memory", "out_of_memory", "train", "memory"),
        ("torch_memory", "out_of_memory", "train", "allocate memory"),
        ("killed", "failed", "train", "SIGKILL"),
        ("nan", "failed", "predict", "NaN"),
        ("shape", "failed", "predict", "shape"),
    ],
)
def test_a_failure_is_a_row_with_its_reason(
    bench: Bench, tmp_path: Path, how: str, status: str, phase: str, reason: str
) -> None:
    done = bench("run", "-r", f"broken[how={how}]", *QUICK)
    assert done.returncode == 4, done.stdout + done.stderr
    (document,) = _results(tmp_path)
    outcome = document["outcome"]
    assert (outcome["status"], outcome["phase"]) == (status, phase)
    assert reason in outcome["reason"]
    assert "\n" not in outcome["reason"]
    assert document["quality"] is None


def test_one_bad_run_does_not_stop_the_others_and_is_tried_again(bench: Bench, tmp_path: Path) -> None:
    arguments = ("run", "-r", "broken", "-r", "absent", "-r", "bayes", *QUICK)
    done = bench(*arguments)
    assert done.returncode == 3
    statuses = {d["identity"]["recipe"]: d["outcome"]["status"] for d in _results(tmp_path)}
    assert statuses == {"broken": "failed", "absent": "unavailable", "bayes": "ok"}
    again = bench(*arguments)
    assert again.returncode == 3
    assert "last time: failed" in again.stdout
    assert "1 of 3 from the store" in again.stdout


def test_a_late_worker_is_killed_with_its_children(bench: Bench, tmp_path: Path) -> None:
    started = time.monotonic()
    done = bench("run", "-r", "broken[how=sleep]", "--timeout", "4", *QUICK)
    assert done.returncode == 4
    assert time.monotonic() - started < 60
    (document,) = _results(tmp_path)
    assert document["outcome"]["status"] == "timeout"
    assert "4 s" in document["outcome"]["reason"]
    child = int((tmp_path / "cache" / "child.pid").read_text())
    with contextlib.suppress(FileNotFoundError):  # by its own id: another process may well sleep as long
        assert Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_the_speed_is_measured_in_rounds(bench: Bench, tmp_path: Path) -> None:
    watched = {"PYTHONPATH": f"{ROOT / 'tests' / 'opened'}{os.pathsep}{ROOT}", "OPENED": str(tmp_path / "opened")}
    done = bench("run", "-r", "bayes", "-r", "broken[how=slow]", "-d", "toy", "--smoke", **watched)
    assert done.returncode == 3
    opened = (tmp_path / "opened").read_text().split()
    assert opened.count("result.json") <= 14, "two runs, read when planned, claimed, measured, shown: not each round"
    by_recipe = {d["identity"]["recipe"]: d for d in _results(tmp_path)}
    broken = by_recipe["broken"]
    assert (broken["outcome"]["status"], broken["outcome"]["phase"]) == ("failed", "measure")
    measured = by_recipe["bayes"]
    rows = {(r["scenario"], r["threads"], r["bucket"]): r for r in measured["measurement"]["latency"]}
    single = rows["single_stream", 1, "all"]
    samples = Store(tmp_path / "store").arrays(measured["run_id"], "samples")["single_stream_t1_ns"]
    arrays = Store(tmp_path / "store").arrays(measured["run_id"], "samples")
    rounds = [samples[arrays["single_stream_t1_round"] == number] for number in range(2)]
    assert single["p50_ms"] == pytest.approx(float(np.median([np.median(ns) for ns in rounds])) / 1e6)
    taken, session = measured["measurement"]["timed"], measured["measurement"]["session"]
    assert {(t["threads"], t["number"]) for t in taken} == {(t, n) for t in thread_counts(cores()) for n in range(2)}
    assert all(t["started_at"] >= session["started_at"] for t in taken) and session["gaps"] == []
    assert [len(r["rounds_p50_ms"]) for r in measured["measurement"]["reference"]] == [2] * len(thread_counts(cores()))
    assert not (tmp_path / "store" / "measuring").exists()
    assert rows["offline", 1, "all"]["batch_size"] == 32
    assert measured["measurement"]["cold_start"]["load_ms"] > 0
    assert measured["memory"]["inference_peak_bytes"] > 10_000_000
    assert "Everything is cached" in bench("run", "-r", "bayes", "-d", "toy", "--smoke").stdout


def test_smoke_rows_say_that_they_are_partial_and_what_is_given_wins(bench: Bench, tmp_path: Path) -> None:
    runs = ["{recipe: bayes}", "{recipe: bayes, params: {alpha: 1.0}}", "{recipe: bayes, grid: {pause: [0.01]}}"]
    (tmp_path / "suite.yaml").write_text(f"name: quick\ndatasets: [toy]\nmeasure: none\nruns: [{', '.join(runs)}]")
    assert bench("run", "suite.yaml", "--smoke").returncode == 0
    assert bench("run", "-r", "bayes[pause=0.02,alpha=1]", "-d", "toy", "--smoke", "--measure", "none").returncode == 0
    documents = _results(tmp_path)
    assert {(d["data"]["limit"], d["data"]["n_test"]) for d in documents} == {(300, 300)}
    params = {(d["identity"]["params"]["alpha"], d["identity"]["params"]["pause"]) for d in documents}
    assert params == {(2.0, 0.0), (1.0, 0.0), (2.0, 0.01), (1.0, 0.02)}


def test_a_suite_runs_grids_seeds_and_leaves_out_what_is_optional(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text(
        "text,label\n" + "".join(f"good {i} day,up\nbad {i} night,down\n" for i in range(80)), encoding="utf-8"
    )
    suite = {
        "name": "mine",
        "datasets": ["mine.csv", {"name": "tsatc", "optional": True}],
        "seeds": [0, 1],
        "measure": "none",
        "runs": [{"recipe": "bayes", "grid": {"alpha": [0.5, 1.0]}}],
    }
    (tmp_path / "suite.yaml").write_text(json.dumps(suite))
    done = bench("run", "suite.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "tsatc is optional and was left out" in done.stdout
    variants = sorted((d["identity"]["variant"], d["identity"]["seed"]) for d in _results(tmp_path))
    assert variants == [("", 0), ("", 1), ("alpha=0.5", 0), ("alpha=0.5", 1)]


@pytest.mark.parametrize(("given", "rounds"), [([], 1), (["--rounds", "2"], 2)])
def test_a_suite_or_an_option_says_how_many_rounds_are_timed(
    bench: Bench, tmp_path: Path, given: list[str], rounds: int
) -> None:
    (tmp_path / "suite.yaml").write_text("name: one\ndatasets: [toy]\nrounds: 1\nruns: [{recipe: bayes}]")
    done = bench("run", "suite.yaml", *given)
    assert done.returncode == 0, done.stdout + done.stderr
    (row,) = _results(tmp_path)
    timed = {len(r["rounds_p50_ms"]) for r in row["measurement"]["latency"] if r["bucket"] == "all"}
    assert timed == {rounds}


def test_a_tracks_own_script_takes_parameters_as_options(bench: Bench, tmp_path: Path) -> None:
    from bench.track import _split_options

    params, rest = _split_options(["-d", "toy", "--alpha", "0.5", "--pause=1", "--seeds", "0-2"], {"alpha", "pause"})
    assert params == ["alpha=0.5", "pause=1"]
    assert rest == ["-d", "toy", "--seeds", "0-2"]


def test_the_parent_of_a_suite_stays_small(tmp_path: Path) -> None:
    code = (
        "import contextlib; from bench.cli import main; from bench.measure.memory import peak_rss_bytes\n"
        "with contextlib.suppress(SystemExit): main(['run', '-r', 'bayes', '-d', 'toy', '--measure', 'none'])\n"
        "print('peak', peak_rss_bytes())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=bench_environment(tmp_path),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "1 ok" in done.stdout
    assert int(done.stdout.rpartition("peak ")[2]) < 400e6


def test_a_training_is_told_of_its_run_by_one_object_and_by_no_variable(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    done = bench("run", "-r", "surroundings", "--data-dir", "mine", "--device", "cpu", *QUICK)
    assert done.returncode == 0, done.stderr
    (told,) = (tmp_path / "store" / "artifacts").glob("*/context.json")
    context = json.loads(told.read_text())
    store = tmp_path / "store"
    assert context["device"] == "cpu" and context["data_dir"] == "mine" and int(context["threads"]) > 0
    assert context["cache"] == str(store / "cache") and context["prepared"] == str(store / "prepared")
    assert Path(context["checkpoint"]).parent == store / "checkpoints" and context["listener"] != "None"
    # only what the user may set is handed down
    assert set(context["variables"].split()) <= {
        "SENTIBENCH_RECIPES",
        "SENTIBENCH_STORE",
        "SENTIBENCH_CACHE",
        "SENTIBENCH_DATA",
    }
