"""Scoring files: the stored predictions again through every format, bad rows reported, resumed after a kill."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.api import load_artifact
from serving.batch import PART
from tests.conftest import RECIPES, bench_environment
from tests.serving.conftest import Serving, Trained


def _write(path: Path, texts: list[str]) -> None:
    frame = pd.DataFrame({"id": [f"t{i}" for i in range(len(texts))], "text": texts})
    match path.suffix:
        case ".csv":
            frame.to_csv(path, index=False)
        case ".tsv":
            rows = [f"{i}\t{t}" for i, t in zip(frame["id"], texts, strict=True)]
            path.write_text("id\ttext\n" + "\n".join(rows) + "\n")
        case ".jsonl":
            path.write_text("".join(json.dumps(row) + "\n" for row in frame.to_dict("records")))
        case ".parquet":
            frame.to_parquet(path)
        case _:
            path.write_text("".join(text + "\n" for text in texts))


def _read(path: Path) -> pd.DataFrame:
    match path.suffix:
        case ".csv":
            return pd.read_csv(path)
        case ".jsonl":
            return pd.read_json(path, lines=True)
    return pd.read_parquet(path)


def _same(frame: pd.DataFrame, trained: Trained) -> None:
    got = frame[[f"p_{label}" for label in trained.labels]].to_numpy()
    assert np.abs(got - trained.probabilities).max() < 1e-5
    assert list(frame["predicted"]) == [trained.labels[i] for i in trained.probabilities.argmax(axis=1)]


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("a.csv", "b.parquet"), ("a.tsv", "b.csv"), ("a.jsonl", "b.jsonl"), ("a.parquet", "b.csv"),
        ("a.jsonl", "b.parquet"), ("a.txt", "b.jsonl"),
    ],
)  # fmt: skip
def test_a_file_gives_the_stored_predictions_in_its_order(
    serving: Serving, trained: Trained, tmp_path: Path, source: str, target: str
) -> None:
    _write(tmp_path / source, trained.texts)
    ran = serving("predict", trained.run, "-i", source, "-o", target)
    assert ran.returncode == 0, ran.stderr.decode()
    frame = _read(tmp_path / target)
    _same(frame, trained)
    assert list(frame["text"]) == trained.texts
    if source[-3:] in ("csv", "tsv", "uet"):
        assert list(frame["id"]) == [f"t{i}" for i in range(len(trained.texts))]
    assert f"{len(trained.texts):,} rows" in ran.stderr.decode() and not (tmp_path / f"{target}.parts").exists()


def test_standard_input_goes_to_standard_output(serving: Serving, trained: Trained) -> None:
    ran = serving("predict", str(trained.artifact), stdin="".join(t + "\n" for t in trained.texts).encode())
    assert ran.returncode == 0, ran.stderr.decode()
    _same(pd.read_json(io.BytesIO(ran.stdout), lines=True), trained)


def test_bad_rows_keep_their_place_and_say_what_is_wrong(serving: Serving, trained: Trained, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_bytes(
        b'{"text": "good"}\n{"text": 3}\nno json\n{"other": 1}\n{"text": "\xff"}\n[1]\n{"text": ""}\n'
    )
    ran = serving("predict", trained.run, "-i", "bad.jsonl", "-o", "out.jsonl")
    assert ran.returncode == 0 and "6 bad rows" in ran.stderr.decode()
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    problems = [row["problem"] for row in rows]
    assert problems == [
        None,
        "the text is a int",
        "not JSON",
        "no text",
        "not UTF-8: 'text'",
        "a list where an object is needed",
        "no text",
    ]
    assert rows[2]["line"] == "no json" and rows[2]["predicted"] is None and rows[0]["predicted"] in trained.labels


def test_a_ragged_table_loses_no_row(serving: Serving, trained: Trained, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text('id,text,problem\n1,fine,x\n2\n3,"two\nlines",y\n4,a,b,c\n')
    ran = serving("predict", trained.run, "-i", "bad.csv", "-o", "out.csv")
    assert ran.returncode == 0, ran.stderr.decode()
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == ["1", "2", "3", "4"] and rows[2]["text"] == "two\nlines"
    assert [row["problem_"] for row in rows] == [
        "",
        "1 fields where the header has 3",
        "",
        '4 fields where the header has 3; the rest is ["c"]',
    ]


def test_a_killed_job_goes_on_and_scores_every_row_once(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENTIBENCH_RECIPES", str(RECIPES))
    texts = [f"{text} {i}" for i in range(8) for text in (trained.texts * 40)[:PART]]
    _write(tmp_path / "many.csv", texts)
    command = [sys.executable, "-m", "serving", "predict", trained.run, "-i", "many.csv", "-o"]
    options = {"env": bench_environment(trained.folder), "cwd": tmp_path}
    process = subprocess.Popen([*command, "killed.csv"], stderr=subprocess.DEVNULL, **options)
    deadline = time.monotonic() + 120
    while len(list((tmp_path / "killed.csv.parts").glob("*.part"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "killed.csv").exists()
    resumed = subprocess.run([*command, "killed.csv"], capture_output=True, text=True, check=True, **options)
    assert "of them before" in resumed.stderr
    frame = _read(tmp_path / "killed.csv")
    assert list(frame["id"]) == [f"t{i}" for i in range(len(texts))] and list(frame["text"]) == texts
    expected = load_artifact(trained.artifact).predict_proba(texts)
    got = frame[[f"p_{label}" for label in trained.labels]].to_numpy()
    assert np.abs(got - expected).max() < 1e-5 and not (tmp_path / "killed.csv.parts").exists()


def test_parts_of_another_job_are_not_taken(serving: Serving, trained: Trained, tmp_path: Path) -> None:
    _write(tmp_path / "a.csv", trained.texts)
    parts = tmp_path / "out.csv.parts"
    parts.mkdir()
    (parts / "plan.json").write_text('{"artifact": "another"}')
    for number in range(3):
        (parts / f"{number:08}.part").write_text("not of this job\n")
    assert serving("predict", trained.run, "-i", "a.csv", "-o", "out.csv").returncode == 0
    _same(_read(tmp_path / "out.csv"), trained)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nothing",), "no run or artifact 'nothing' in the store"),
        (("RUN", "-i", "none.csv"), "none.csv: cannot be read: No such file"),
        (("RUN", "-i", "a.csv", "--text-column", "txt"), "no column 'txt': did you mean 'text'?"),
        (("RUN", "-i", "a.csv", "--format", "cvs"), "did you mean 'csv'?"),
        (("RUN", "-i", "a.csv", "-o", "b.xlsx"), "unknown format 'xlsx'"),
        (("RUN", "-i", "a.csv", "--output-format", "parquet"), "Parquet cannot go to standard output"),
        (("RUN", "-i", "a.parquet"), "not readable as Parquet"),
        (("RUN", "-i", "empty.csv", "-o", "b.csv"), "the input holds no record"),
    ],
)  # fmt: skip
def test_what_cannot_be_scored_is_one_line(
    serving: Serving, trained: Trained, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    for name in ("a.csv", "a.parquet"):
        (tmp_path / name).write_text("text\nsome\n")
    (tmp_path / "empty.csv").write_text("")
    ran = serving("predict", *(trained.run if a == "RUN" else a for a in arguments))
    stderr = ran.stderr.decode()
    assert ran.returncode == 2 and message in stderr and len(stderr.strip().splitlines()) == 1, stderr


def test_an_altered_or_newer_artifact_is_refused(serving: Serving, trained: Trained, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(trained.artifact, copy)
    card = json.loads((copy / "artifact.json").read_text())
    (copy / "artifact.json").write_text(json.dumps(card | {"artifact_version": 2}))
    assert b"is of version 2, newer than 1: upgrade" in serving("predict", str(copy)).stderr
    (copy / "artifact.json").unlink()
    assert b"is no artifact" in serving("predict", str(copy)).stderr
    store = tmp_path / "store"
    shutil.copytree(trained.folder / "store", store)
    (artifact,) = (store / "artifacts").iterdir()
    (artifact / "more.txt").write_text("altered")
    assert b"is altered" in serving("predict", trained.run, "--store", str(store)).stderr
    shutil.rmtree(artifact)
    assert b"train that run again" in serving("predict", trained.run, "--store", str(store)).stderr
