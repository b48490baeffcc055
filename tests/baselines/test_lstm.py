"""What is particular to the recurrent baseline: its kernel, its vectors, its tokenizer."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from baselines.sequences import SequenceTokenizer, pad, spell, train_tokenizer
from tests.baselines.conftest import Phase
from tests.baselines.sentences import split
from tests.forks import ROOT, fork


def test_the_fused_kernel_is_the_lstm_of_keras_gradients_too() -> None:
    done = fork("tensorflow", "tests.baselines.layer", environment=os.environ, folder=ROOT)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    gaps = json.loads(done.stdout.splitlines()[-1])
    assert set(gaps) == {"output", "input", "kernels", "biases"}
    assert all(gap < 1e-5 for gap in gaps.values()), gaps


def test_vectors_start_the_embedding_of_their_words(phase: Phase, tmp_path: Path) -> None:
    folder = tmp_path / "vectors"
    folder.mkdir()
    (folder / "vocab.txt").write_text("film\nunheard\nmeal\n", encoding="utf-8")
    table = np.array([[5, -5, 5, -5], [9, 9, 9, 9], [-5, 5, -5, 5]], np.float32)
    save_file({"embedding.weight": table}, str(folder / "vectors.safetensors"))
    changes = {"vectors": str(folder), "tokenizer": "word", "learning_rate": 1e-6, "epochs": 1}
    phase("fit", "lstm", tmp_path / "artifact", json.dumps(changes), 0)
    trained = load_file(str(tmp_path / "artifact" / "weights.safetensors"))["embedding/embeddings"]
    tokenizer = SequenceTokenizer.load(tmp_path / "artifact", "plain-2", 32).tokenizer
    for row, word in enumerate(("film", "unheard", "meal")):
        np.testing.assert_allclose(trained[tokenizer.token_to_id(word), :4], table[row], atol=1e-2)
    assert np.abs(trained[tokenizer.token_to_id("was")]).max() < 0.1
    assert str(tmp_path) not in (tmp_path / "artifact" / "model.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("STOP IT now", "▲ stop it now"),
        ("I am Fine", "i am fine"),
        ("#StayAtHome now", "#stay at home now"),
        ("iPhone", "iphone"),
    ],
)
def test_spelling(text: str, spelled: str) -> None:
    assert spell(text) == spelled


@pytest.fixture(scope="module")
def tokenizer() -> SequenceTokenizer:
    return train_tokenizer(split(400, 0).texts, "bpe", 400, "plain-2", 16)


def test_tokens_keep_emoticons_emoji_hashtags_mentions_and_negation(tokenizer: SequenceTokenizer) -> None:
    ids = tokenizer.encode(["the film was not bad :-) 😀 #HappyDay @bob"])[0]
    tokens = [tokenizer.tokenizer.id_to_token(i) for i in ids]
    assert {"▁not", "▁:-)", "▁😀", "▁#", "▁happy", "▁@user"} <= set(tokens)
    assert "[UNK]" not in tokens


@pytest.mark.parametrize("text", ["", "   ", "\0\0", "\ud83d"])
def test_a_text_without_tokens_is_one_unknown_token(tokenizer: SequenceTokenizer, text: str) -> None:
    assert [len(ids) for ids in tokenizer.encode([text])] == [1]
    assert 0 not in tokenizer.encode([text])[0]


def test_long_texts_are_cut(tokenizer: SequenceTokenizer) -> None:
    assert len(tokenizer.encode(["film " * 100])[0]) == 16
    assert len(tokenizer.clean("x " * 5_000_000)) < 1000


def test_tokens_after_saving(tokenizer: SequenceTokenizer, tmp_path: Path) -> None:
    tokenizer.save(tmp_path)
    texts = split(50, 9).texts
    assert SequenceTokenizer.load(tmp_path, "plain-2", 16).encode(texts) == tokenizer.encode(texts)


def test_padding_is_on_the_right() -> None:
    assert pad([[5, 6, 7], [8]]).tolist() == [[5, 6, 7], [8, 0, 0]]


def test_a_vocabulary_has_at_most_the_tokens_asked_for() -> None:
    texts = split(400, 0).texts
    assert len(train_tokenizer(texts, "bpe", 80, "plain-2", 16)) <= 80
    assert len(train_tokenizer(texts, "word", 20, "plain-2", 16)) == 20


@pytest.mark.parametrize("kind", ["bpe", "word"])
def test_every_token_id_has_a_row_even_if_texts_hold_the_mark_of_capitals(kind: str) -> None:
    texts = [text.upper() if row % 3 else text for row, text in enumerate(split(400, 0).texts)]
    tokenizer = train_tokenizer(texts, kind, 300, "plain-2", 16)
    assert max(tokenizer.tokenizer.get_vocab().values()) < len(tokenizer)
    assert max(max(ids) for ids in tokenizer.encode(texts)) < len(tokenizer)
