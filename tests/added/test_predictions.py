"""Predictions made anywhere are scored, compared and verified; those of other rows, texts or labels are refused."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.added.predictions import check_name
from bench.errors import BenchError
from tests.conftest import Bench, run_bench

Rows = list[dict[str, str]]
GOOD, BAD = ("good", "love", "great", "happy"), ("bad", "hate", "worst", "sad")
ADD = ("-d", "toy", "--name", "annotators")


def answer(text: str) -> str:
    """As a very simple annotator would."""
    if any(word in text for word in BAD):
        return "negative"
    return "positive" if any(word in text for word in GOOD) else "neutral"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A store with one trained model, for tests that add to it."""
    bench = partial(run_bench, tmp_path_factory.mktemp("added"))
    assert bench("run", "-r", "bayes", "-d", "toy", "--measure", "none").returncode == 0
    return bench


def folder(bench: Bench) -> Path:
    return bench.args[0]  # type: ignore[attr-defined, no-any-return]


def predicted(bench: Bench) -> Rows:
    """The rows that `data texts` gives, each with an answer."""
    bench("data", "texts", "toy", "-o", "texts.csv", "--overwrite")
    with (folder(bench) / "texts.csv").open(newline="", encoding="utf-8") as file:
        return [row | {"predicted": answer(row["text"])} for row in csv.DictReader(file)]


def write(bench: Bench, rows: Rows, name: str = "answers.csv") -> str:
    path = folder(bench) / name
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]), delimiter="\t" if path.suffix == ".tsv" else ",")
            writer.writeheader()
            writer.writerows(rows)
    return name


def stored(bench: Bench, name: str) -> dict[str, Any]:
    results = [json.loads(path.read_text()) for path in (folder(bench) / "store" / "results").glob("*/result.json")]
    return max((r for r in results if r["identity"]["recipe"] == name), key=lambda r: r["outcome"]["started_at"])


def test_they_are_scored_compared_verified_and_reported_without_times_or_size(own: Bench) -> None:
    rows = predicted(own)
    random.Random(0).shuffle(rows)
    ran = own("add", "predictions", write(own, rows), *ADD, "--stated-times", "4 s a text, they say")
    assert ran.returncode == 0, ran.stderr
    row = stored(own, "annotators")
    right = [answer(r["text"]) for r in rows if r["id"].startswith("test-")]
    assert row["quality"]["n"] == len(right) == 800 and row["validation"]["n"] == 400
    assert sum(map(sum, row["quality"]["confusion"])) == 800
    assert row["size"] is None and row["measurement"] is None and row["identity"]["artifact"] is None
    assert "4 s a text, they say" in " ".join(row["training"]["warnings"])
    board = own("compare")
    assert "annotators" in board.stdout
    assert "difference" in own("compare", "annotators", "bayes", "-d", "toy").stdout
    assert own("verify", "store").returncode == 0
    assert own("report", "--out", "page").returncode == 0 and own("verify", "page").returncode == 0
    assert (folder(own) / "page" / "results.csv").read_text().count("annotators") >= 1


def test_ids_or_texts_labels_or_probabilities_in_any_format(own: Bench) -> None:
    rows = [row for row in predicted(own) if row["id"].startswith("test-")]
    texts = [{"tweet": f"  {row['text']} ", "answer": row["predicted"].upper()} for row in rows]
    grades = [
        {"id": row["id"], **{f"p_{n}": "0.90" if n == row["predicted"] else "0.05" for n in NAMES}} for row in rows
    ]
    cases: list[tuple[str, Rows, tuple[str, ...]]] = [
        ("a.jsonl", [{"id": row["id"], "label": row["predicted"]} for row in rows], ()),
        ("a.tsv", texts, ("--predicted-text-column", "tweet", "--predicted-label-column", "answer")),
        ("a.parquet", grades, ()),
    ]
    for name, content, options in cases:
        ran = own("add", "predictions", write(own, content, name), "-d", "toy", "--name", "same", *options)
        assert ran.returncode == 0, ran.stderr
        result = stored(own, "same")
        assert result["validation"] is None
        assert result["quality"]["confusion"] == stored_confusion(own, rows)


NAMES = ("negative", "neutral", "positive")


def stored_confusion(bench: Bench, rows: Rows) -> list[list[int]]:
    """Counted by hand from the labels of the prepared set."""
    (path,) = (folder(bench) / "store" / "prepared").glob("toy-*/test-labels.parquet")
    table = pq.read_table(path).to_pydict()
    truth = dict(zip(table["id"], table["label"], strict=True))
    confusion = [[0] * 3 for _ in range(3)]
    for row in rows:
        confusion[truth[row["id"]]][NAMES.index(row["predicted"])] += 1
    return confusion


def shortened(rows: Rows) -> Rows:
    return rows[:-70]


def of_other_texts(rows: Rows) -> Rows:
    return [row | {"text": f"{row['text']} indeed"} for row in rows]


def of_other_ids(rows: Rows) -> Rows:
    return [{"id": f"mine-{i}", "predicted": row["predicted"]} for i, row in enumerate(rows)]


def of_other_labels(rows: Rows) -> Rows:
    return [rows[0] | {"predicted": "mixed"}, rows[1] | {"predicted": ""}, *rows[2:]]


def contradicting(rows: Rows) -> Rows:
    return [*rows, rows[-1] | {"predicted": "neutral" if rows[-1]["predicted"] != "neutral" else "positive"}]


def logits(rows: Rows) -> Rows:
    return [{"id": row["id"], "p_negative": "2.5", "p_neutral": "-1", "p_positive": "0"} for row in rows]


def half_graded(rows: Rows) -> Rows:
    return [{"id": row["id"], "p_negative": "0.5", "p_neutral": "0.5"} for row in rows]


def unlabelled(rows: Rows) -> Rows:
    return [{"id": row["id"], "text": row["text"]} for row in rows]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (shortened, "no prediction for 70 of 800 rows of test (test-00730, test-00731, test-00732, …), by ids"),
        (of_other_texts, "800 of 800 rows of test have another text than the data set's"),
        (of_other_ids, "none of its ids is one of the data set's (test-00000, …)"),
        (of_other_labels, "labels that the data set lacks: 'mixed' (1), '' (1) (it has negative, neutral, positive)"),
        (contradicting, "is predicted otherwise in row 1200"),
        (logits, "row 1, 2, 3, 4, 5 and 1,195 more: probabilities of 0 to 1 that sum to 1 are needed"),
        (half_graded, "no column 'p_positive'"),
        (unlabelled, "neither a label nor a probability of each"),
    ],
)
def test_what_is_not_of_this_test_split_is_refused(own: Bench, change: Callable[[Rows], Rows], said: str) -> None:
    before = len(list((folder(own) / "store" / "results").iterdir()))
    ran = own("add", "predictions", write(own, change(predicted(own))), *ADD)
    assert ran.returncode == 2 and said in ran.stderr and ran.stderr.count("\n") == 1, ran.stderr
    assert len(list((folder(own) / "store" / "results").iterdir())) == before


def test_a_name_is_neither_a_recipe_nor_a_riddle() -> None:
    for name in ("linear", "a[b]", "", "a,b"):
        with pytest.raises(BenchError):
            check_name(name)
    check_name("gpt-4o:2026.11")


def test_the_best_predictions_are_no_model_to_ship(own: Bench) -> None:
    rows = predicted(own)
    for part in ("validation", "test"):
        split = truth(own, part)
        rows = [row | {"predicted": split.get(row["id"], row["predicted"])} for row in rows]
    assert own("add", "predictions", write(own, rows), "-d", "toy", "--name", "people").returncode == 0
    said = own("recommend", "-d", "toy").stdout
    assert said.strip().startswith("Ship bayes"), said
    _, _, board = own("compare").stdout.partition("test texts")  # behind what it says of shipping
    assert 0 < board.index("people") < board.index("bayes")


def truth(bench: Bench, split: str) -> dict[str, str]:
    (path,) = (folder(bench) / "store" / "prepared").glob(
        f"toy-*/{'test-labels' if split == 'test' else split}.parquet"
    )
    table = pq.read_table(path, columns=["id", "label"]).to_pydict()
    return {i: NAMES[n] for i, n in zip(table["id"], table["label"], strict=True)}
