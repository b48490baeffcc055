"""A convolution over static word vectors, as it is served: each word's share of every filter is one row of a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from baselines.artifact import Weights
from baselines.ngrams import ngram_range
from baselines.sequences import UNKNOWN_ID
from baselines.subwords import buckets_of, hashed
from baselines.words import Reader
from bench.api import BenchError, Params, Probabilities, sigmoid, softmax

PAD_ID = 0
SLICE = 32
"""Texts that go through at once."""
MAX_UNKNOWN = 10_000
"""Unknown words whose rows are cached."""
Floats = npt.NDArray[np.float32]
Flat = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]
"""Rows of the table, texts end to end with gaps between them, and the words of each text."""


class Lookup:
    """Texts to probabilities by look-ups and sums: a convolution is linear, so that what a filter makes of a word at
    each place of its window is computed before any text is read. The maximum of the sums over a text comes after.

    The rows of unknown words are made when they occur, and dropped when there are more than `MAX_UNKNOWN` of them.
    """

    def __init__(
        self, vocabulary: Sequence[str], weights: Weights, params: Params, normalization: str, multi_label: bool = False
    ) -> None:
        self.activation = sigmoid if multi_label else softmax
        self.span, self.buckets = spelling_span(params), params["ngram_buckets"]
        self.window, self.filters = params["window"], params["filters"]
        self.gap = max(1, self.window // 2)
        self.grams, kernel = weights["ngram_embedding/embeddings"], weights["convolution/kernel"]
        of_highest, of_mean = np.split(weights["logits/kernel"], [self.filters])
        # What the mean of the vectors adds to the logits is linear as well: the mean of what each word adds.
        self.shares = np.concatenate([*kernel, of_mean], axis=1)
        self.bias, self.of_highest, self.logits_bias = weights["convolution/bias"], of_highest, weights["logits/bias"]
        self.unknown = weights["embedding/embeddings"][UNKNOWN_ID]
        self.words = {word: number for number, word in enumerate(vocabulary)}
        self.unknown_rows: dict[str, int] = {}
        table = (weights["embedding/embeddings"] + self._spelling(vocabulary)) @ self.shares
        table[PAD_ID] = 0.0
        self.table = _longer(table)
        self.reader = Reader(normalization, params["max_length"], self._row)

    def read(self, texts: Sequence[str]) -> Flat:
        """The ids hold until the next call."""
        if len(self.unknown_rows) > MAX_UNKNOWN:
            self.unknown_rows.clear()
            self.reader.forget()
        gap = [PAD_ID] * self.gap
        flat, lengths = gap.copy(), []
        for text in texts:
            ids = self.reader(text)
            flat += ids
            flat += gap
            lengths.append(len(ids))
        return np.array([*flat, PAD_ID]), np.array(lengths)

    def classify(self, read: Flat) -> Probabilities:
        """Float32 [n_texts, n_labels]."""
        flat, lengths = read
        shares, half, width = self.table.take(flat, axis=0), self.window // 2, self.filters
        places = len(flat) - 2 * half
        sums = shares[:places, :width].copy()
        for place in range(1, self.window):
            sums += shares[place : place + places, place * width : (place + 1) * width]
        added = shares[half : half + places, self.window * width :]
        if len(lengths) == 1:  # the same in fewer calls, which are most of its time
            text = slice(self.gap - half, self.gap - half + lengths[0])
            highest, total = sums[text].max(axis=0, keepdims=True), added[text].sum(axis=0, keepdims=True)
        else:
            starts = np.cumsum([self.gap - half, *(lengths[:-1] + self.gap)])
            bounds = np.stack([starts, starts + lengths], axis=1).ravel()  # a text, a gap, a text, a gap, ...
            highest, total = np.maximum.reduceat(sums, bounds)[::2], np.add.reduceat(added, bounds)[::2]
        highest += self.bias
        logits = np.maximum(highest, 0.0, out=highest) @ self.of_highest
        return self.activation(logits + total / lengths[:, None] + self.logits_bias)

    def _row(self, word: str) -> int:
        """Where the row of a word is; that of an unknown one is made."""
        row = self.words.get(word)
        if row is None and (row := self.unknown_rows.get(word)) is None:
            row = self.unknown_rows[word] = len(self.words) + len(self.unknown_rows)
            if row == len(self.table):
                self.table = _longer(self.table)
            grams = buckets_of(word, self.span, self.buckets)
            spelling = self.grams.take(grams, axis=0).sum(axis=0) / len(grams) if grams else 0.0
            np.dot(self.unknown + spelling, self.shares, out=self.table[row])
        return row

    def _spelling(self, vocabulary: Sequence[str]) -> Floats:
        """The mean vector of the n-grams of each word, float32 [words, embedding]."""
        total = np.zeros((len(vocabulary), self.grams.shape[1]), np.float32)
        table = hashed(vocabulary, self.span, self.buckets)
        table[: UNKNOWN_ID + 1] = 0
        for grams in table.T:
            total += np.where(grams[:, None] > 0, self.grams[grams], 0.0)
        return np.asarray(total / np.maximum((table > 0).sum(axis=1, keepdims=True, dtype=np.float32), 1.0))


def _longer(table: Floats) -> Floats:
    """With room for more rows."""
    return np.concatenate([table, np.empty((MAX_UNKNOWN, table.shape[1]), np.float32)])


def spelling_span(params: Params) -> tuple[int, int]:
    """`char_ngrams` as numbers; a `BenchError` for none: unknown words have nothing else to be read by."""
    span = ngram_range(params["char_ngrams"], "char_ngrams")
    if span is None:
        raise BenchError("char_ngrams=none: unknown words are read by their n-grams; give a range such as 3-5")
    return span
