"""Character n-grams of words: what lets a network read words by their spelling (Bojanowski et al., 2017)."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from baselines.ngrams import ngram_range
from baselines.sequences import UNKNOWN_ID, SequenceTokenizer
from bench.api import BenchError, Params

if TYPE_CHECKING:
    import tensorflow as tf

GRAMS = 16
"""The n-grams that a word has at most, the shortest ones first: all 3- to 5-grams of a word of six letters."""

Ids = npt.NDArray[np.int32]


class HashedNgrams:
    """The n-grams of words, of the vocabulary of a tokenizer or not, each hashed to the id of a bucket.

    `table` int32 [words, GRAMS] holds those of the vocabulary; 0 stands for none. The hash is CRC-32: the same in every
    process and on every machine.
    """

    def __init__(self, tokenizer: SequenceTokenizer, span: tuple[int, int], buckets: int) -> None:
        self.tokenizer, self.span, self.buckets = tokenizer, span, buckets
        vocabulary = tokenizer.tokenizer.get_vocab()
        self.table = hashed(sorted(vocabulary, key=vocabulary.__getitem__), span, buckets)
        self.table[: UNKNOWN_ID + 1] = 0  # padding, and the one id of all unknown words, have no spelling

    def buckets_of(self, word: str) -> list[int]:
        """As the function, of this span and these buckets."""
        return buckets_of(word, self.span, self.buckets)

    def encode(self, texts: Sequence[str]) -> tuple[list[list[int]], Ids]:
        """As `SequenceTokenizer.encode`, but each unknown word has an id of its own, counted on from the vocabulary's.

        The second value has the n-grams of these words, int32 [unknown words, GRAMS]. The ids hold for this call only.
        """
        cleaned = [self.tokenizer.clean(text) for text in texts]
        unknown: dict[str, int] = {}
        ids = []
        encoded = self.tokenizer.tokenizer.encode_batch(cleaned, add_special_tokens=False)
        for text, item in zip(cleaned, encoded, strict=True):
            row = item.ids
            if UNKNOWN_ID in row:
                words = (text[start:end] for start, end in item.offsets)
                row = [
                    unknown.setdefault(word, len(self.table) + len(unknown)) if token == UNKNOWN_ID else token
                    for token, word in zip(row, words, strict=True)
                ]
            ids.append(row or [UNKNOWN_ID])
        return ids, hashed(unknown, self.span, self.buckets)

    def inputs(self, ids: Ids, unknown: Ids) -> tuple[Ids, Ids]:
        """From padded ids [batch, time] of `encode` to words [batch, time] and n-grams [batch, time, GRAMS]."""
        beyond = ids >= len(self.table)
        words = np.where(beyond, np.int32(UNKNOWN_ID), ids)
        grams = self.table[words]
        grams[beyond] = unknown[ids[beyond] - len(self.table)]
        return words, grams

    def tensor_inputs(self, unknown: Ids) -> Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
        """`inputs` over tensors: a batch is looked up when it is due, as the n-grams of all texts would fill memory."""
        return tensor_inputs(np.concatenate([self.table, unknown]), len(self.table))


def tensor_inputs(table: Ids, vocabulary: int) -> Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
    """What makes of ids [batch, time] the words, unknown ones as `UNKNOWN_ID`, and their rows of n-grams in `table`."""
    import tensorflow as tf

    rows = tf.constant(table)
    return lambda ids: (tf.where(ids < vocabulary, ids, UNKNOWN_ID), tf.gather(rows, ids))


def hashed(words: Collection[str], span: tuple[int, int], buckets: int) -> Ids:
    """The bucket ids of the n-grams of each word, int32 [words, GRAMS], 0 where it has no more."""
    rows = np.zeros((len(words), GRAMS), np.int32)
    for row, word in zip(rows, words, strict=True):
        ids = buckets_of(word, span, buckets)
        row[: len(ids)] = ids
    return rows


def buckets_of(word: str, span: tuple[int, int], buckets: int) -> list[int]:
    """The bucket ids, 1 to `buckets`, of the first `GRAMS` n-grams of `<word>`; `<` and `>` mark its ends."""
    marked, (shortest, longest) = f"<{word}>", span
    grams = (marked[at : at + n] for n in range(shortest, longest + 1) for at in range(len(marked) - n + 1))
    return [1 + zlib.crc32(gram.encode()) % buckets for gram in islice(grams, GRAMS)]


def ngram_span(params: Params) -> tuple[int, int] | None:
    """`char_ngrams` as numbers, None for none; a `BenchError` for what cannot be."""
    span = ngram_range(params["char_ngrams"], "char_ngrams")
    if span is not None and params["tokenizer"] != "word":
        raise BenchError(f"char_ngrams={params['char_ngrams']}: they are of words, so they need tokenizer=word")
    if span is not None and params["ngram_buckets"] < 1:
        raise BenchError(f"ngram_buckets={params['ngram_buckets']}: give a number of 1 or more, such as 20000")
    return span


def hashed_ngrams(tokenizer: SequenceTokenizer, params: Params) -> HashedNgrams | None:
    """By `params`, None for `char_ngrams=none`."""
    span = ngram_span(params)
    return None if span is None else HashedNgrams(tokenizer, span, params["ngram_buckets"])


def mean_embedding(grams: Any, buckets: int, width: int) -> Any:
    """Keras tensors: n-grams int32 [batch, time, GRAMS] to the mean of their vectors [batch, time, width]."""
    from keras import layers, ops

    vectors = layers.Embedding(buckets + 1, width, name="ngram_embedding")(grams)
    real = ops.cast(ops.not_equal(grams, 0), vectors.dtype)
    count = ops.maximum(ops.sum(real, axis=-1, keepdims=True), 1)
    return ops.sum(vectors * ops.expand_dims(real / count, -1), axis=2)
