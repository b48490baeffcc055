"""Predictions of texts of several labels: lists, cells or probabilities, scored by thresholds of validation."""

from __future__ import annotations

import csv
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Bench, run_bench
from tests.tweets import NAMES, SEPARATED, WORDS, write_tweets

ADD = ("add", "predictions")
ON = ("-d", "mine.csv", "--name", "people")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A store with a model on texts of several labels."""
    folder = tmp_path_factory.mktemp("added")
    write_tweets(folder / "mine.csv")
    bench = partial(run_bench, folder)
    ran = bench("run", "-r", "single_words", "-d", "mine.csv", *SEPARATED, "--measure", "none")
    assert ran.returncode == 0, ran.stderr
    assert bench("data", "texts", "mine.csv", "-o", "texts.csv").returncode == 0
    return bench


def place(bench: Bench) -> Path:
    return bench.args[0]  # type: ignore[attr-defined, no-any-return]


def answered(bench: Bench) -> list[tuple[str, str, list[str]]]:
    """Each id and text, and the labels that its words tell."""
    with (place(bench) / "texts.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [(r["id"], r["text"], [n for n in NAMES if set(WORDS[n].split()) & set(r["text"].split())]) for r in rows]


def stored(bench: Bench) -> dict[str, Any]:
    results = [
        json.loads(path.read_text()) for path in (place(bench) / "store" / "results").glob("people*/result.json")
    ]
    return max(results, key=lambda result: result["outcome"]["started_at"])


def table(bench: Bench, header: str, rows: list[str]) -> str:
    (place(bench) / "answers.tsv").write_text("\n".join([header, *rows]) + "\n")
    return "answers.tsv"


def test_lists_and_cells_say_the_same(own: Bench) -> None:
    rows = answered(own)
    lines = [json.dumps({"id": row, "labels": labels}) for row, _, labels in rows]
    (place(own) / "answers.jsonl").write_text("\n".join(lines) + "\n")
    cells = table(own, "text\tpredicted", [f"{text}\t{'|'.join(labels)}" for _, text, labels in rows])
    for file in ("answers.jsonl", cells):
        ran = own(*ADD, file, *ON)
        assert ran.returncode == 0, ran.stderr
        quality = stored(own)["quality"]
        assert quality["accuracy"]["value"] == 1 and quality["multi_label"]["thresholds"] == [0.5] * 3
    assert own("verify", "store").returncode == 0
    assert "people" in own("compare").stdout


def test_probabilities_get_the_thresholds_of_validation(own: Bench) -> None:
    header = "\t".join(["id", "labels", *(f"p_{name}" for name in NAMES)])
    rows = ["\t".join([row, "", *("0.3" if n in labels else "0.1" for n in NAMES)]) for row, _, labels in answered(own)]
    ran = own(*ADD, table(own, header, rows), *ON)
    assert ran.returncode == 0, ran.stderr
    found = stored(own)
    assert found["quality"]["macro_f1"]["value"] == 1
    assert found["quality"]["multi_label"]["thresholds"] == pytest.approx([0.2] * 3)
    assert own("verify", "store").returncode == 0
    named = own(*ADD, "answers.tsv", *ON, "--predicted-label-column", "labels")
    assert named.returncode == 0 and stored(own)["quality"]["macro_f1"]["value"] == 0, "the column that is named counts"


def test_what_is_wrong_is_told_in_a_line(own: Bench) -> None:
    rows = answered(own)
    for header, cell, said in (
        (
            "id\tlabels",
            "joy|bliss",
            f"labels that the data set lacks: 'bliss' ({len(rows)}) (it has {', '.join(NAMES)})",
        ),
        ("id\tp_anger\tp_joy\tp_sadness", "0.5\t1.5\t0.1", "a probability of 0 to 1 of each label is needed"),
        ("id\tp_anger\tp_joy", "0.5\t0.5", "no column 'p_sadness'"),
    ):
        refused = own(*ADD, table(own, header, [f"{row}\t{cell}" for row, *_ in rows]), *ON)
        assert refused.returncode == 2 and "error: answers.tsv: " in refused.stderr and said in refused.stderr, (
            refused.stderr
        )
