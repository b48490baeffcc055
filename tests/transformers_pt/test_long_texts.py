"""Texts longer than the encoder: what is read of them, what is not, and the same answer from every runtime."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.api import BenchError, Training, load_artifact
from tests.baselines.sentences import split
from tests.compression.parents import child, write_card
from tests.transformers_pt.conftest import QUICK, Checkpoints, fit
from transformers_pt.backbones import load_tokenizer
from transformers_pt.encode import Encoder
from transformers_pt.long_texts import LongTexts
from transformers_pt.recipes.finetune import Finetune

NUMBERS = list(range(100, 130))


@pytest.mark.parametrize(
    ("long_texts", "n", "rows"),
    [
        (LongTexts("head"), 30, [NUMBERS[:10]]),
        (LongTexts("head"), 4, [NUMBERS[:4]]),
        (LongTexts("head+tail"), 30, [NUMBERS[:2] + NUMBERS[22:]]),
        (LongTexts("head+tail"), 10, [NUMBERS[:10]]),
        (LongTexts("chunks", 2, 8), 10, [NUMBERS[:10]]),
        (LongTexts("chunks", 2, 8), 11, [NUMBERS[:10], NUMBERS[8:11]]),
        (LongTexts("chunks", 2, 8), 18, [NUMBERS[:10], NUMBERS[8:18]]),
        (LongTexts("chunks", 0, 8), 30, [NUMBERS[:10], NUMBERS[10:20], NUMBERS[20:]]),
        (LongTexts("chunks", 2, 2), 30, [NUMBERS[:10], NUMBERS[8:18]]),
        (LongTexts("chunks", 2, 2), 0, [[]]),
    ],
)
def test_what_is_read(long_texts: LongTexts, n: int, rows: list[list[int]]) -> None:
    assert long_texts.split(long_texts.cut(NUMBERS[:n], 10), 10) == rows
    read = {number for row in rows for number in row}
    assert len(read) == min(n, long_texts.capacity(10))


@pytest.mark.parametrize("family", ["bert", "bertweet", "roberta"])
def test_rows_have_their_special_tokens(family: str, checkpoints: Checkpoints) -> None:
    tokenizer = load_tokenizer(checkpoints[family])
    texts = ["good", "", "the film was good " * 20]
    plain = Encoder(tokenizer, "none", 12)
    cut = tokenizer(texts, truncation=True, max_length=12)["input_ids"]
    assert plain(texts) == [list(ids) for ids in cut] == plain.windows(texts).rows
    chunks = Encoder(tokenizer, "none", 12, LongTexts("chunks", 3, 4)).windows(texts)
    assert chunks.texts.tolist() == [0, 1, 2, 2, 2, 2] and max(map(len, chunks.rows)) == 12
    assert all((row[0], row[-1]) == (cut[0][0], cut[0][-1]) for row in chunks.rows)


def test_what_is_not_read_is_counted(checkpoints: Checkpoints) -> None:
    tokenizer = load_tokenizer(checkpoints["bert"])
    texts = ["good", "good " * 10, "good " * 100]
    (token,) = tokenizer("good", add_special_tokens=False)["input_ids"]
    assert token
    found = Encoder(tokenizer, "none", 12).truncation(texts)
    assert found.texts == pytest.approx(1 / 3) and found.tokens == pytest.approx(90 / 111)
    in_chunks = Encoder(tokenizer, "none", 12, LongTexts("chunks", 2, 4)).truncation(texts)
    assert in_chunks.tokens == pytest.approx((100 - 34) / 111)
    assert Encoder(tokenizer, "none", 12, LongTexts("chunks", 0, 10)).truncation(texts).texts == 0


def test_a_text_of_ten_megabytes_is_answered_by_its_parts(checkpoints: Checkpoints) -> None:
    tokenizer = load_tokenizer(checkpoints["bert"])
    text = "bad " + "x " * 5_000_000 + "good"
    (last,) = tokenizer("good", add_special_tokens=False)["input_ids"]
    ends = Encoder(tokenizer, "none", 12, LongTexts("head+tail"))([text])[0]
    assert len(ends) == 12 and ends[-2] == last
    assert len(Encoder(tokenizer, "none", 12, LongTexts("chunks", 2, 5)).windows([text]).rows) == 5


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"long_texts": "chunk"}, "did you mean 'chunks'?"), ({"max_chunks": 0}, "give 1 or more"),
        ({"long_texts": "chunks", "chunk_overlap": 22}, "a chunk has 22 tokens; give 0 to 21"),
    ],
)  # fmt: skip
def test_bad_parameters(changes: dict[str, object], words: str, checkpoints: Checkpoints, tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=words):
        fit(Finetune(), tmp_path / "a", {"backbone": str(checkpoints["bert"])} | changes, rows=30)


def trained(folder: Path, changes: dict[str, Any], noise: str) -> Training:
    """A fine-tuned encoder of sentences that begin with `noise`, with its card."""
    train, validation = (
        replace(part, texts=[noise + text for text in part.texts]) for part in (split(240, 0), split(60, 1))
    )
    folder.mkdir()
    log = Finetune().fit(train, validation, {**Finetune.defaults, **QUICK, **changes}, 0, folder)
    write_card(folder, "finetune")
    return log


@pytest.mark.parametrize("mode", ["chunks", pytest.param("head+tail", marks=pytest.mark.slow)])
def test_the_end_of_a_long_text_is_heard_by_every_runtime(mode: str, checkpoints: Checkpoints, tmp_path: Path) -> None:
    """Each training text begins with words that say nothing, more of them than a row holds."""
    from compression.recipes.export import Export
    from compression.recipes.quantize import Quantize

    noise = "so and then it was as it is " * 3
    changes = {
        "backbone": str(checkpoints["bert"]), "epochs": 4, "long_texts": mode, "chunk_overlap": 4, "max_chunks": 4,
    }  # fmt: skip
    log = trained(tmp_path / "a", changes, noise)
    assert max(entry["validation_accuracy"] for entry in log.history) > 0.6, "by text, not by row"
    texts = [noise + text for text in split(40, 2).texts] + ["", "good"]
    parent = load_artifact(tmp_path / "a")
    wanted = parent.predict_proba(texts)
    np.testing.assert_allclose(wanted.sum(1), 1, rtol=1e-5)
    one_by_one = np.concatenate([parent.predict_proba([text]) for text in texts])
    np.testing.assert_allclose(one_by_one, wanted, atol=1e-5)
    tokenize, forward = parent.stages().values()
    np.testing.assert_allclose(forward(tokenize(texts[:3])), wanted[:3], atol=1e-5)
    for recipe, params, near in (
        (Export(), {"to": "onnx"}, 1e-4), (Quantize(), {"to": "onnx-int8"}, 0.2),
    ):  # fmt: skip
        folder = tmp_path / f"{recipe.name}-{params['to']}"
        child(recipe, tmp_path / "a", folder, **params)
        assert np.abs(load_artifact(folder).predict_proba(texts) - wanted).max() < near, params
