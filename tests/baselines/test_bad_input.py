"""Parameters that cannot be: one line that names what, and what to do."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.baselines.conftest import RECIPES, Phase

CASES = [
    ("linear", {"classifier": "svn"}, "classifier=svn: did you mean 'svm'?"),
    ("linear", {"class_weight": "balance"}, "did you mean 'balanced'?"),
    ("linear", {"word_ngrams": "2-1"}, "word_ngrams=2-1: give the shortest and longest n-gram as in 1-2"),
    ("linear", {"char_ngrams": "3"}, "char_ngrams=3:"),
    ("linear", {"word_ngrams": "none", "char_ngrams": "none"}, "are both 'none'"),
    ("linear", {"min_df": 5000}, "lower min_df"),
    ("nbsvm", {"beta": 0.0}, "beta=0.0: give a number above 0, at most 1"),
    ("nbsvm", {"word_ngrams": "none"}, "word_ngrams=none: give the shortest and longest n-gram"),
    ("fasttext", {"cutoff": 100, "autotune_seconds": 5}, "autotune quantizes by itself"),
    ("fasttext", {"autotune_size_mb": 1.0}, "it bounds autotune; give autotune_seconds"),
    ("fasttext", {"dim": 0}, "dim=0: give a number of 1 or more"),
    ("textcat", {"architecture": "cnn"}, "architecture=cnn: available: bow, ensemble"),
    ("textcat", {"language": "klingon"}, "Can't import language klingon"),
    ("textcat", {"epochs": 0}, "epochs=0: give a number of 1 or more"),
    ("dnn", {"layers": "64,32"}, "layers=64,32: give the widths from first to last as in 256-64"),
    ("dnn", {"precision": "bf16"}, "precision=bf16:"),
    ("dnn", {"schedule": "cosin"}, "schedule=cosin: did you mean 'cosine'?"),
    ("dnn", {"class_weight": "balance"}, "did you mean 'balanced'?"),
    ("dnn", {"learning_rate": 1e30}, "lower learning_rate"),
    ("dnn", {"monitor": "recall"}, "monitor=recall: did you mean 'macro_recall'?"),
    ("lstm", {"ema": 1.0}, "ema=1: give 0 for none, or a momentum below 1 such as 0.998"),
    ("lstm", {"char_ngrams": "3-5"}, "char_ngrams=3-5: they are of words, so they need tokenizer=word"),
    ("lstm", {"char_ngrams": "3", "tokenizer": "word"}, "char_ngrams=3: give the shortest and longest n-gram"),
    ("lstm", {"char_ngrams": "3-5", "tokenizer": "word", "ngram_buckets": 0}, "ngram_buckets=0: give a number of 1"),
    ("lstm", {"pooling": "atention+max"}, "'atention' is unknown; did you mean 'attention'?"),
    ("lstm", {"tokenizer": "words"}, "tokenizer=words: did you mean 'word'?"),
    ("lstm", {"vectors": "nowhere"}, "they are of words, so they need tokenizer=word"),
    ("lstm", {"vectors": "nowhere", "tokenizer": "word"}, "no vectors.safetensors in it"),
    ("lstm", {"vectors": "RAGGED", "tokenizer": "word"}, "one row for each of the 3 words"),
    ("lstm", {"vectors": "WIDE", "tokenizer": "word"}, "they are 50 wide; raise embedding"),
]
CASES = [case for case in CASES if case[0] in RECIPES]


def vectors(folder: Path, rows: int, width: int) -> str:
    folder.mkdir()
    (folder / "vocab.txt").write_text("good\nbad\nfilm\n", encoding="utf-8")
    save_file({"embedding.weight": np.full((rows, width), 2.0, np.float32)}, str(folder / "vectors.safetensors"))
    return str(folder)


@pytest.fixture(scope="module")
def said(phase: Phase, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """All cases in one process, which then shows as well that an error leaves nothing behind that harms the next."""
    folder = tmp_path_factory.mktemp("bad")
    made = {"RAGGED": vectors(folder / "ragged", 2, 4), "WIDE": vectors(folder / "wide", 3, 50)}
    cases = [(name, {k: made.get(v, v) for k, v in changes.items()}) for name, changes, _ in CASES]
    return phase("attempts", folder / "artifacts", json.dumps(cases))


@pytest.mark.parametrize("case", range(len(CASES)), ids=lambda i: f"{CASES[i][0]}-{'-'.join(CASES[i][1])}-{i}")
def test_bad_parameter_is_one_line(case: int, said: list[str]) -> None:
    assert CASES[case][2] in said[case]
    assert "\n" not in said[case]
