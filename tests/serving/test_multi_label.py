"""A model of several labels a text: answers have all of them, by the thresholds that its artifact carries."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import sentibench
from bench.store import Store
from tests.conftest import bench_environment, run_bench
from tests.forks import fork
from tests.serving.conftest import Trained
from tests.serving.server import running
from tests.tweets import SEPARATED, write_tweets

TEXTS = ["so happy and sad today", "furious bus", "tea 7"]
LABELS = [["joy", "sadness"], ["anger"], []]


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("several")
    write_tweets(folder / "mine.csv")
    made = run_bench(folder, "run", "-r", "single_words", "-d", "mine.csv", *SEPARATED, "--measure", "none")
    assert made.returncode == 0, made.stderr
    (run,) = Store(folder / "store").run_ids()
    return Trained(folder, run, TEXTS, np.empty(0), ["anger", "joy", "sadness"])


def serving(several: Trained, *arguments: str) -> tuple[int, str, str]:
    done = fork("bench", "serving", *arguments, environment=bench_environment(several.folder), folder=several.folder)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_predict_writes_all_labels_beside_all_probabilities(several: Trained) -> None:
    (several.folder / "new.csv").write_text("text\n" + "\n".join(TEXTS) + "\n")
    for name in ("out.csv", "out.jsonl", "out.parquet"):
        code, _, said = serving(several, "predict", several.run, "--input", "new.csv", "--output", name)
        assert code == 0, said
    rows = [json.loads(line) for line in (several.folder / "out.jsonl").read_text().splitlines()]
    assert [row["labels"] for row in rows] == LABELS
    assert {"p_anger", "p_joy", "p_sadness", "predicted"} <= rows[0].keys()
    written = csv.DictReader(io.StringIO((several.folder / "out.csv").read_text()))
    assert [json.loads(row["labels"]) for row in written] == LABELS
    assert pq.read_table(several.folder / "out.parquet")["labels"].to_pylist() == LABELS


def test_http_answers_with_all_labels(several: Trained) -> None:
    with running(several) as (client, _):
        found = client.post("/predict", json={"texts": TEXTS}).json()["predictions"]
        assert [row["labels"] for row in found] == LABELS and set(found[0]["probabilities"]) == set(several.labels)
        (tensor,) = ({"name": "text", "datatype": "BYTES", "shape": [3], "data": TEXTS},)
        outputs = client.post("/v2/models/single_words-mine.csv/infer", json={"inputs": [tensor]}).json()["outputs"]
        assert [json.loads(one) for one in outputs[2]["data"]] == LABELS
        assert client.get("/model").json()["thresholds"]
        assert 'label="joy"' in client.get("/metrics").text


def test_what_answers_with_one_label_refuses_it(several: Trained, tmp_path: Path) -> None:
    code, _, said = serving(several, "stream", several.run, "--source", "stdin", "--output", str(tmp_path / "o.jsonl"))
    assert code == 2 and "answers with one label a text" in said, said
    code, _, said = serving(several, "http", several.run, "--port", "0", "--feedback", "labels")
    assert code == 2 and "feedback answers with one label a text" in said, said


def test_python_gives_all_labels(several: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTIBENCH_RECIPES", bench_environment(several.folder)["SENTIBENCH_RECIPES"])
    model = sentibench.load(several.run, several.folder / "store")
    assert model.predict(TEXTS).tolist() == LABELS and model.table(TEXTS)["label"].tolist() == LABELS
