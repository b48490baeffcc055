"""Verify on a real store and a published folder: silent when all agrees, one line for every kind of damage."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.api import Predictor, Probabilities
from bench.arrays import write_arrays
from bench.artifact import adopt
from bench.board.rows import rows
from bench.board.table import csv_text
from bench.errors import BenchError
from bench.machine import environment
from bench.measure.measurement import summarize
from bench.measure.quality import score, validation_scores
from bench.measure.schedule import REHEARSAL
from bench.measure.size import measure_size
from bench.measure.timing import RoundSettings, run_round
from bench.report.publish import copy_results
from bench.schema import Data, Identity, Memory, Outcome, Result
from bench.store import Store
from bench.verify import verify
from tests.forks import ROOT, as_text, fork

NAMES = ("bad", "good", "so-so")
RUN = "toy-keyword-s1"
SETTINGS = RoundSettings(0, 1, 3, replace(REHEARSAL, min_samples=30))


class Keyword(Predictor):
    """A few characters of arithmetic a text: quick, with probabilities that are worth scoring."""

    parameters = nonzero_parameters = 3
    runtime = "numpy"

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        logits = np.array([[text.count("a"), text.count("e"), text.count("i")] for text in texts], np.float64)
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        return (p / p.sum(axis=1, keepdims=True)).astype(np.float32)


def make_run(store: Store, seed: int) -> None:
    """One finished run, every number of it scored and measured by the harness's own code."""
    random = np.random.default_rng(seed)
    texts = ["".join(random.choice(list("aeioxyz "), size)) for size in random.integers(3, 60, 300)]
    labels = random.integers(0, 3, 300)
    probabilities = Keyword().predict_proba(texts)
    measurement, samples, peak = summarize([run_round(Keyword, texts, SETTINGS)])
    work = store.root / "new-artifact"
    work.mkdir(parents=True)
    (work / "weights.json").write_text(json.dumps(["aei", seed]))
    artifact = adopt(work, store.artifacts)
    result = Result(
        run_id=f"toy-keyword-s{seed}",
        identity=Identity(
            track="baselines", recipe="keyword", variant="", framework="numpy", params={}, seed=seed, artifact=artifact,
            artifact_key="k" * 8, source_hash="s" * 8,
        ),
        data=Data(dataset="toy", revision="1", n_test=300, label_names=list(NAMES)),
        outcome=Outcome(status="ok", started_at="2026-01-01T00:00:00+00:00", train_seconds=0.1),
        environment=environment(["numpy"], {"OMP_NUM_THREADS": "1"}),
        quality=score(labels, probabilities, NAMES, n_bootstrap=50),
        validation=validation_scores(labels[:80], probabilities[:80], NAMES),
        size=measure_size(store.artifacts / artifact, 3, 3),
        measurement=measurement,
        memory=Memory(inference_peak_bytes=peak),
    )  # fmt: skip
    predictions = {
        "ids": np.array([f"test-{i}" for i in range(300)]), "labels": labels, "probabilities": probabilities,
        "validation_labels": labels[:80], "validation_probabilities": probabilities[:80],
    }  # fmt: skip
    store.put(result, predictions, samples)


@pytest.fixture(scope="module")
def verified(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs, a failed one, their artifacts and `results.csv`."""
    root = tmp_path_factory.mktemp("published")
    store = Store(root)
    make_run(store, 1)
    make_run(store, 2)
    failed = store.result(RUN).model_dump()
    failed |= dict.fromkeys(["quality", "validation", "size", "measurement", "memory"])
    failed |= {"run_id": "toy-keyword-s3", "outcome": failed["outcome"] | {"status": "failed", "reason": "no memory"}}
    failed["identity"] |= {"seed": 3, "artifact": None}
    store.put(Result.model_validate(failed))
    (root / "results.csv").write_text(csv_text(rows(store.read_all())))
    return root


@pytest.fixture
def published(verified: Path, tmp_path: Path) -> Path:
    """A copy of its own for a test to damage."""
    return Path(shutil.copytree(verified, tmp_path / "published"))


def edit(path: Path, *keys: Any, value: Any) -> None:
    """Change one field of a result document."""
    document = inner = json.loads(path.read_text())
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    path.write_text(json.dumps(document))


def edit_arrays(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the arrays of an `.npz`."""
    with np.load(path) as file:
        arrays = {name: file[name].copy() for name in file.files}
    change(arrays)
    write_arrays(path, arrays)


def said(directory: Path) -> list[str]:
    return [str(problem) for problem in verify(directory)]


def test_what_agrees_is_not_complained_of(verified: Path) -> None:
    assert said(verified) == []


def test_published_without_artifacts_is_enough(published: Path) -> None:
    shutil.rmtree(published / "artifacts")
    assert said(published) == []


def test_a_superseded_run_may_be_left_out_of_the_table(published: Path) -> None:
    store = Store(published)
    older = store.result(RUN)
    again = older.model_copy(
        update={
            "run_id": "again",
            "outcome": older.outcome.model_copy(update={"started_at": "2026-02-01T00:00:00+00:00"}),
        }
    )
    store.put(again, store.arrays(RUN, "predictions"), store.arrays(RUN, "samples"))
    documents = [row for row in rows(store.read_all()) if not row.superseded]
    (published / "results.csv").write_text(csv_text(documents))
    assert RUN not in {row.run_id for row in documents}
    assert said(published) == []


FIELDS: list[tuple[tuple[Any, ...], Any, str]] = [
    (("quality", "accuracy", "value"), 0.99, "quality.accuracy.value is 0.99, recomputed 0."),
    (("quality", "macro_f1", "low"), 0.0, "quality.macro_f1.low is 0.0, recomputed"),
    (("quality", "per_class", 1, "recall"), 1.0, "quality.per_class[1].recall is 1.0"),
    (("quality", "confusion", 0, 2), 999, "quality.confusion[0][2] is 999"),
    (("quality", "n"), 299, "quality.n is 299, recomputed 300"),
    (("quality", "bootstrap"), 0, "quality.bootstrap is 0; 1 to"),
    (("quality", "bootstrap"), 10**12, "quality.bootstrap is 1000000000000; 1 to"),
    (("validation", "log_loss"), 0.1, "validation.log_loss is 0.1"),
    (("data", "n_test"), 301, "data.n_test is 301, recomputed 300"),
    (("measurement", "latency", 0, "p50_ms"), 1e-6, "measurement.latency[0].p50_ms is 1e-06"),
    (("measurement", "latency", 0, "texts_per_s"), 1e9, "measurement.latency[0].texts_per_s is 1000000000.0"),
    (("measurement", "cold_start", "load_ms"), 99.0, "measurement.cold_start.load_ms is 99.0"),
    (("measurement", "energy", "source"), "rapl", "measurement.energy.source is 'rapl', recomputed 'none'"),
    (("measurement", "protocol"), "other", "measurement.protocol is 'other'"),
    (("measurement", "protocol"), "rounds-1", "measurement.latency[0].rounds_p50_ms is"),
    (("measurement", "latency", 0, "rounds_p50_ms"), [1e-6], "measurement.latency[0].rounds_p50_ms[0] is 1e-06"),
    (("measurement", "timed"), [], "measurement.timed has 0 rounds; there are 1"),
    (("measurement", "latency", 0, "steady"), True, "measurement.latency[0].steady is True"),
    (("measurement", "reference"), [{"threads": 1, "p50_ms": 1.0, "rounds_p50_ms": [1.0]}], "measurement.reference is"),
    (("memory", "inference_peak_bytes"), 5, "memory.inference_peak_bytes is 5"),
    (("size", "bytes_on_disk"), 1, "size.bits_per_weight is"),
    (("size", "bytes_on_disk"), 1, "size.bytes_on_disk is 1, recomputed"),
    (("run_id",), "better", f"run_id is 'better', but its folder is '{RUN}'"),
    (("quality",), None, "status is ok, but there is no quality"),
    (("quality", "accuracy", "value"), "high", "field 'quality.accuracy.value'"),
    (("quality", "wow"), 1.0, "field 'quality.wow'"),
    (("schema_version",), 7, "schema version 7 is newer than 6"),
    (("schema_version",), 0, "never a schema version 0"),
    (("schema_version",), None, "no integer schema_version"),
]


@pytest.mark.parametrize(("keys", "value", "expected"), FIELDS)
def test_an_edited_field_is_found(published: Path, keys: tuple[Any, ...], value: Any, expected: str) -> None:
    edit(published / "results" / RUN / "result.json", *keys, value=value)
    problems = said(published)
    assert any(p.startswith(f"results/{RUN}/result.json: ") and expected in p for p in problems), problems
    assert not any("toy-keyword-s2" in problem for problem in problems)


def test_a_number_that_is_not_finite_is_no_result(published: Path) -> None:
    edit(published / "results" / RUN / "result.json", "validation", "accuracy", value=float("nan"))
    assert any("field 'validation.accuracy'" in problem for problem in said(published))


def flip(arrays: dict[str, Any]) -> None:
    arrays["probabilities"][0] = arrays["probabilities"][0][::-1]


def relabel(arrays: dict[str, Any]) -> None:
    arrays["labels"][:5] = arrays["probabilities"][:5].argmin(axis=1)


def drop_row(arrays: dict[str, Any]) -> None:
    for name in ("ids", "labels", "probabilities"):
        arrays[name] = arrays[name][1:]


def speed_up(arrays: dict[str, Any]) -> None:
    arrays["single_stream_t1_ns"] //= 2


def claim_steady(arrays: dict[str, Any]) -> None:
    arrays["offline_t1_warmup"][:, 0] += 1


ALTERED: list[tuple[str, Callable[[dict[str, Any]], None], str]] = [
    ("predictions", flip, "quality."),
    ("predictions", relabel, "quality.accuracy.value is"),
    ("predictions", drop_row, "data.n_test is 300, recomputed 299"),
    ("predictions", lambda a: a["validation_labels"].__setitem__(0, 9), "labels run from 0 to 9"),
    ("predictions", lambda a: a["ids"].__setitem__(0, a["ids"][1]), "299 distinct ids for 300 texts"),
    ("predictions", lambda a: a.pop("labels"), "lacks labels"),
    ("predictions", lambda a: a["probabilities"].__setitem__((0, 0), np.nan), "NaN or infinity for 1 of 300"),
    ("predictions", lambda a: a.update(probabilities=a["probabilities"][:, :2]), "shape (300, 2)"),
    ("predictions", lambda a: a.update(labels=np.array("text")), "TypeError"),
    ("samples", speed_up, "measurement.latency[0].p50_ms is"),
    ("samples", claim_steady, "warmup_calls is"),
    ("samples", lambda a: a.pop("cold_start_ms"), "lack the array 'cold_start_ms'"),
    (
        "samples",
        lambda a: a.update(single_stream_t1_ns=a["single_stream_t1_ns"].astype(str)),
        "not written by this software",
    ),
    ("samples", lambda a: a.update(peak_rss_bytes=np.array([7])), "memory.inference_peak_bytes is"),
]


@pytest.mark.parametrize(("name", "change", "expected"), ALTERED)
def test_altered_arrays_are_found(
    published: Path, name: str, change: Callable[[dict[str, Any]], None], expected: str
) -> None:
    edit_arrays(published / "results" / RUN / f"{name}.npz", change)
    problems = said(published)
    assert any(p.startswith(f"results/{RUN}/") and expected in p for p in problems), problems


@pytest.mark.parametrize("name", ["result.json", "predictions.npz", "samples.npz"])
@pytest.mark.parametrize("damage", ["missing", "empty", "half", "garbage", "flipped"])
def test_damaged_files_are_problems_not_crashes(published: Path, name: str, damage: str) -> None:
    path = published / "results" / RUN / name
    content = path.read_bytes()
    middle = len(content) // 2
    if damage == "missing":
        path.unlink()
    else:
        changed = {
            "empty": b"", "half": content[:middle], "garbage": os.urandom(2000),
            "flipped": content[:middle] + bytes(b ^ 0xFF for b in content[middle:][:200]) + content[middle + 200 :],
        }  # fmt: skip
        path.write_bytes(changed[damage])
    problems = said(published)
    assert any(problem.startswith(f"results/{RUN}/{name}: ") for problem in problems), problems
    assert all("\n" not in problem for problem in problems)


@pytest.mark.parametrize(
    "content", ["[]", "7", "null", "[" * 100_000, '{"schema_version": 1}', '{"schema_version": 1, "training": 7}']
)
def test_json_that_is_no_result_is_a_problem(published: Path, content: str) -> None:
    (published / "results" / RUN / "result.json").write_text(content)
    assert any(problem.startswith(f"results/{RUN}/result.json: ") for problem in said(published))


def test_pickled_arrays_are_not_loaded(published: Path, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "sprung",))

    np.savez(published / "results" / RUN / "predictions.npz", ids=np.array([Trap()], object))
    assert any("predictions.npz: unreadable" in problem for problem in said(published))
    assert not (tmp_path / "sprung").exists()


def test_many_differences_are_a_few_lines(published: Path) -> None:
    edit_arrays(published / "results" / RUN / "predictions.npz", lambda a: a["labels"].__setitem__(slice(0, 200), 0))
    problems = [problem for problem in said(published) if f"results/{RUN}" in problem]
    assert len(problems) < 10
    assert any("more fields differ" in problem for problem in problems)


def test_an_altered_artifact_is_found(published: Path) -> None:
    artifact = next((published / "artifacts").iterdir())
    (artifact / "weights.json").write_text("[]")
    assert any(p.startswith(f"artifacts/{artifact.name}: its content has the hash") for p in said(published))
    (artifact / "weights.json").unlink()
    (artifact / "weights.json").symlink_to("/etc/hostname")
    assert any(p.startswith(f"artifacts/{artifact.name}: unreadable") for p in said(published))


def test_a_report_from_before_a_column_came_agrees_and_one_that_lacks_numbers_does_not(published: Path) -> None:
    path = published / "results.csv"
    table = [line.split(",") for line in path.read_text().splitlines()]
    for column, agrees in (("session", True), ("accuracy", False)):
        place = table[0].index(column)
        path.write_text("\n".join(",".join(row[:place] + row[place + 1 :]) for row in table) + "\n")
        assert (not said(published)) == agrees, column


def csv_lines(published: Path) -> list[str]:
    return (published / "results.csv").read_text().splitlines(keepends=True)


def test_the_table_must_agree_with_the_results(published: Path) -> None:
    header, first, second, failed = csv_lines(published)
    for lines, expected in (
        ([header, first, second], "no row of run 'toy-keyword-s3'"),
        ([header, first, second, failed, failed.replace("-s3", "-s4")], "row 'toy-keyword-s4' has no readable result"),
        (
            [header, first.replace(",ok,", ",failed,"), second, failed],
            f"row '{RUN}'.status is 'failed', recomputed 'ok'",
        ),
        ([header.replace("macro_f1", "macro_f2"), first, second, failed], "macro_f2 is"),
        ([header, first, second, second, failed], "4 rows of 3 runs"),
        ([], "no row of run"),
        (["\0\xff"], "results.csv: "),
    ):
        (published / "results.csv").write_bytes("".join(lines).encode("latin-1"))
        problems = said(published)
        assert any(problem.startswith("results.csv: ") and expected in problem for problem in problems), problems


def test_a_lost_result_is_missed_by_the_table(published: Path) -> None:
    shutil.rmtree(published / "results" / RUN)
    assert said(published) == [f"results.csv: row '{RUN}' has no readable result"]


@pytest.mark.parametrize("folder", [".", "results", "nowhere"])
def test_nothing_to_verify_is_an_error(tmp_path: Path, folder: str) -> None:
    (tmp_path / "results").mkdir()
    with pytest.raises(BenchError, match="no runs in"):
        verify(tmp_path / folder)


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return as_text(fork("bench", "bench", *arguments, environment=os.environ, folder=ROOT))


def test_command_is_content_with_a_sound_folder(verified: Path) -> None:
    done = command("verify", str(verified))
    assert (done.returncode, done.stdout) == (0, f"all numbers agree in 3 runs of {verified}\n")
    assert json.loads(command("verify", "--store", str(verified), "--json").stdout)["problems"] == []


def test_command_lists_problems_and_exits_1(published: Path) -> None:
    edit(published / "results" / RUN / "result.json", "validation", "macro_f1", value=0.5)
    (published / "results" / "toy-keyword-s2" / "samples.npz").write_bytes(b"PK")
    done = command("verify", str(published))
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"results/{RUN}/result.json: validation.macro_f1 is 0.5, recomputed 0.")
    assert lines[1].startswith("results/toy-keyword-s2/samples.npz: unreadable: ")
    assert lines[-1] == f"2 problems in 3 runs of {published}"
    report = json.loads(command("verify", str(published), "--json").stdout)
    assert (report["runs"], len(report["problems"])) == (3, 2)
    assert report["problems"][0]["where"] == f"results/{RUN}/result.json"


def test_command_on_nothing_is_wrong_usage(tmp_path: Path) -> None:
    done = command("verify", str(tmp_path / "nowhere"))
    assert done.returncode == 2
    assert done.stderr.startswith("error: no runs in ") and done.stderr.count("\n") == 1


def test_labels_that_runs_share_are_checked_with_them(published: Path, tmp_path: Path) -> None:
    store = Store(published)
    edit(published / "results" / RUN / "result.json", "data", "split_hash", value="a" * 32)
    copy_results(store, rows(store.read_all()), tmp_path / "out")
    (shared,) = (tmp_path / "out" / "splits").glob("*.npz")
    assert said(tmp_path / "out") == []
    edit_arrays(shared, lambda arrays: arrays["labels"].__setitem__(slice(0, 200), 0))
    assert any(line.startswith(f"results/{RUN}/result.json: quality.accuracy") for line in said(tmp_path / "out"))
    shared.unlink()
    assert any("missing: it has the ids and labels of test" in line for line in said(tmp_path / "out"))
