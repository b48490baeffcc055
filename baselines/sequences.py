"""From texts to token ids and to length-bucketed batches."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from bench.api import CHARACTERS_PER_TOKEN, LETTERS, MARKS, BenchError, Truncation, did_you_mean, normalizer

if TYPE_CHECKING:
    from baselines.training import Batches

TOKENIZERS = ("bpe", "word")
PAD, UNKNOWN = "[PAD]", "[UNK]"
UNKNOWN_ID = 1
"""The id of `UNKNOWN`, after that of `PAD`."""
CAPITALS = "\u25b2"
"""Stands before a word, or several in a row, written in capitals."""
WORD = rf"@user|[^\W_]+(?:[{MARKS}]+[^\W_]*)*(?:'{LETTERS})*|[^\w\s]+?(?=[#@\w\s]|$)|_+"
"""What a token never crosses: a word with its apostrophe (`don't`), a run of marks (`:-)`, `!!!`) or of emoji."""
BUCKETS = (8, 12, 16, 20, 24, 28, 32, 40, 48, 64, 96, 128, 192, 256, 512)
"""Bounds of the lengths that are batched together. Steps of an LSTM over padding cost as much as others, so they are
close where posts are; more bounds would leave more batches unfilled at the end of an epoch."""

_SHOUTED = re.compile(r"\b[A-Z]{2,}(?:\W+[A-Z]{2,})*\b")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_HASHTAG = re.compile(r"#\w+")


def spell(text: str) -> str:
    """Lower case, hashtags cut at their capitals, and a mark before capitals."""
    text = _HASHTAG.sub(lambda tag: _CAMEL.sub(" ", tag[0]), text)
    return _SHOUTED.sub(lambda word: f"{CAPITALS} {word[0]}", text).lower()


class SequenceTokenizer:
    """A tokenizer with its normalization: texts to lists of token ids of at most `max_length`."""

    def __init__(self, tokenizer: Any, normalization: str, max_length: int) -> None:
        self.tokenizer, self.normalization, self.max_length = tokenizer, normalization, max_length
        self._normalize = normalizer(normalization)
        tokenizer.enable_truncation(max_length)

    def clean(self, text: str) -> str:
        """What is tokenized: cut, normalized, spelled."""
        return self._spelled(text[: self.max_length * CHARACTERS_PER_TOKEN])

    def _spelled(self, text: str) -> str:
        return spell(self._normalize(text.replace("\0", " "))).encode("utf-8", "ignore").decode()  # no lone surrogates

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text; a text without any token is one unknown token."""
        encoded = self.tokenizer.encode_batch_fast([self.clean(text) for text in texts], add_special_tokens=False)
        return [item.ids or [UNKNOWN_ID] for item in encoded]

    def truncation(self, texts: Sequence[str]) -> Truncation:
        """What is not read of these texts."""
        self.tokenizer.no_truncation()
        try:
            plain = [self._spelled(text) for text in texts]
            counts = [len(item.ids) for item in self.tokenizer.encode_batch_fast(plain, add_special_tokens=False)]
        finally:
            self.tokenizer.enable_truncation(self.max_length)
        return Truncation.beyond(self.max_length, np.array(counts, np.int64))

    def join(self, words: Sequence[str]) -> None:
        """Give ids, after those there are, to `words` that a text may hold as one token and that have none."""
        from tokenizers import models

        vocabulary = self.tokenizer.get_vocab()
        split = self.tokenizer.pre_tokenizer.pre_tokenize_str
        for word in words:
            if word not in vocabulary and [token for token, _ in split(self.clean(word))] == [word]:
                vocabulary[word] = len(vocabulary)
        self.tokenizer.model = models.WordLevel(vocabulary, unk_token=UNKNOWN)

    def __len__(self) -> int:
        return int(self.tokenizer.get_vocab_size())

    def save(self, folder: Path) -> None:
        """Write `tokenizer.json`."""
        self.tokenizer.save(str(folder / "tokenizer.json"))

    @classmethod
    def load(cls, folder: Path, normalization: str, max_length: int) -> SequenceTokenizer:
        """What `save` wrote."""
        from tokenizers import Tokenizer

        return cls(Tokenizer.from_file(str(folder / "tokenizer.json")), normalization, max_length)


def train_tokenizer(
    texts: Sequence[str], kind: str, size: int, normalization: str, max_length: int
) -> SequenceTokenizer:
    """A tokenizer of at most `size` tokens learned from `texts`: `bpe` (byte pairs of characters) or `word`."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

    if kind not in TOKENIZERS:
        raise BenchError(f"tokenizer={kind}: {did_you_mean(kind, TOKENIZERS)}")
    special = [PAD, UNKNOWN]
    trainer: Any
    words = pre_tokenizers.Split(Regex(WORD), "removed", invert=True)
    if kind == "bpe":
        tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN))
        # The mark of a word's start is a letter of the alphabet: with a prefix for the tokens within a word, which
        # `BpeTrainer` offers as well, it numbers tokens in an order that changes from process to process.
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, pre_tokenizers.Metaspace(prepend_scheme="always")])
        trainer = trainers.BpeTrainer(
            vocab_size=size,
            special_tokens=[*special, CAPITALS],
            min_frequency=2,
            show_progress=False,
            limit_alphabet=600,
        )
    else:
        tokenizer = Tokenizer(models.WordLevel(unk_token=UNKNOWN))
        tokenizer.pre_tokenizer = words
        # The mark of capitals is a word among others here; named as special too, it would take two ids.
        trainer = trainers.WordLevelTrainer(
            vocab_size=size, special_tokens=special, min_frequency=2, show_progress=False
        )
    trained = SequenceTokenizer(tokenizer, normalization, max_length)
    tokenizer.train_from_iterator((trained.clean(text) for text in texts), trainer, length=len(texts))
    return trained


def pad(ids: Sequence[Sequence[int]]) -> npt.NDArray[np.int32]:
    """Lists of ids as int32 [n, longest], zeros on the right."""
    out = np.zeros((len(ids), max(map(len, ids))), np.int32)
    for row, item in zip(out, ids, strict=True):
        row[: len(item)] = item
    return out


def bucketed(
    ids: Sequence[Sequence[int]],
    targets: npt.NDArray[np.float32],
    batch_size: int,
    seed: int | None,
    inputs: Callable[[Any], Any] = lambda padded: padded,
) -> Batches:
    """Batches of texts of like length, padded to their longest; with a seed, each epoch's are others.

    `targets` has a row for each text. `inputs` makes of the padded ids of a batch, a tensor int32 [batch, time], what
    the network takes.
    """
    import tensorflow as tf

    from baselines.training import Batches

    lengths = np.array([len(item) for item in ids], np.int32)
    bounds = [bound for bound in BUCKETS if bound < lengths.max()]
    counts = np.bincount(np.searchsorted(bounds, lengths, side="right"))
    with tf.device("CPU"):
        rows, widths, truths = map(tf.constant, (pad(ids), lengths, targets))

    def epoch(number: Any) -> tf.data.Dataset:
        order = tf.range(len(ids))
        if seed is not None:  # by seed and epoch alone: so the epoch that a kill cuts off can be gone on with
            drawn = tf.stack([tf.constant(seed, tf.int64), tf.cast(number, tf.int64)])
            order = tf.random.experimental.stateless_shuffle(order, drawn)
        texts = tf.data.Dataset.from_tensor_slices(order).map(lambda row: (rows[row][: widths[row]], truths[row]))
        batches = texts.bucket_by_sequence_length(
            lambda text, target: tf.shape(text)[0], bounds, [batch_size] * (len(bounds) + 1),
            padded_shapes=([None], [targets.shape[1]]),
        )  # fmt: skip
        return batches.map(lambda text, target: (inputs(text), target))

    return Batches(epoch, len(ids), int(np.ceil(counts / batch_size).sum()))
