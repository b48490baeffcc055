"""What the page knows of texts that flip: exact for all of them, texts of those that models disagree on most."""

from __future__ import annotations

import json
from base64 import b64decode
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.board.inference import Inference, Subject
from bench.board.predictions import Predictions
from bench.board.rows import rows
from bench.report.build import build
from bench.report.page import contested
from bench.store import Store
from tests.report.page_data import document
from tests.report.synthetic import Model, boards_of, result

MODELS = [Model("linear", accuracy=0.8), Model("dnn", accuracy=0.7), Model("lstm", accuracy=0.9)]


def bits(text: str) -> Any:
    return np.unpackbits(np.frombuffer(b64decode(text), np.uint8))


def filled(store: Store, n: int, rename: Any = None) -> list[Subject]:
    """Three models with two seeds each of `n` texts; `rename` changes their ids."""
    for seed in range(2):
        for model in MODELS:
            made, arrays = result(model, seed, n=n)
            store.put(made, arrays | ({"ids": rename(arrays["ids"])} if rename else {}))
    (board,) = boards_of(store)
    test = Inference(board.ok_lines, Predictions(store, rows(store.read_all())), board.metric)
    return [subject for line in board.lines if (subject := test.subject(line))]


def told(store: Store, out: Path) -> dict[str, Any]:
    build(store, out, texts=False)
    found: dict[str, Any] = document(out)["boards"][0]["pairs"]
    return found


@pytest.mark.parametrize("n", [300, 12_284])
def test_all_flips_of_any_test_set_are_told(store: Store, tmp_path: Path, n: int) -> None:
    subjects = filled(store, n)
    of = told(store, tmp_path / "reports")["contested"]
    assert of["n"] == of["of"]
    right = [bits(of["right"])[i * 8 * -(-of["n"] // 8) :][: of["n"]] for i in range(len(subjects))]
    for (i, a), (j, b) in combinations(enumerate(subjects), 2):
        flipped = (a.right.mean(axis=0) >= 0.5) != (b.right.mean(axis=0) >= 0.5)
        assert (right[i] != right[j]).sum() == flipped.sum() > 0
        numbers = np.flatnonzero(bits(of["ids"]["numbers"]))
        assert of["ids"]["stem"] == "test-" and (numbers[right[i] != right[j]] == np.flatnonzero(flipped)).all()


def test_true_labels_are_those_of_the_texts(store: Store, tmp_path: Path) -> None:
    filled(store, 300)
    of = told(store, tmp_path / "reports")["contested"]
    labels = sum(bits(plane)[: of["n"]].astype(int) << digit for digit, plane in enumerate(of["labels"]))
    true = store.arrays("emotions-linear--s0", "predictions")["labels"]
    assert (labels == true[np.flatnonzero(bits(of["ids"]["numbers"]))]).all()


@pytest.mark.slow
def test_more_flips_than_a_small_number_holds_are_counted(store: Store, tmp_path: Path) -> None:
    for model in (Model("constant", accuracy=0.05), Model("linear", accuracy=0.95)):
        store.put(*result(model, n=60_000))
    assert told(store, tmp_path / "reports")["flips"][1] > 40_000


def test_of_too_many_texts_those_are_kept_that_models_disagree_on_most(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contested, "ROOM", 90)
    subjects = filled(store, 300)
    of = told(store, tmp_path / "reports")["contested"]
    share = np.mean([s.right.mean(axis=0) >= 0.5 for s in subjects], axis=0)
    assert of["n"] == 30 and of["of"] == ((share > 0) & (share < 1)).sum()


@pytest.mark.parametrize("rename", [np.flip, lambda ids: np.array([f"{i}x" for i in range(len(ids))])])
def test_ids_of_any_kind_are_told(store: Store, tmp_path: Path, rename: Any) -> None:
    filled(store, 50, rename)
    of = told(store, tmp_path / "reports")["contested"]
    known = store.arrays("emotions-linear--s0", "predictions")["ids"].tolist()
    assert len(of["ids"]) == of["n"] and set(of["ids"]) <= set(known)


def test_texts_fill_the_room_that_there_is(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contested, "CHARACTERS", 1_000)
    subjects = filled(store, 300)
    run = next(iter(Predictions(store, rows(store.read_all())).runs(boards_of(store)[0].lines[0])))
    texts = {str(name): f"{name} " * 100 for name in run.ids}
    of = contested.contested(subjects, run, contested.Texts(texts, ""))
    assert len(of["texts"]) == 5 and all(text == texts[name][:200] for name, text in of["texts"].items())
    assert json.dumps(contested.contested(subjects, run, contested.Texts({}, "why not"))["remark"]) == '"why not"'
