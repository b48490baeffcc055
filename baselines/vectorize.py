"""Word and character n-gram TF-IDF, kept as JSON and safetensors: no pickle."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from baselines.ngrams import ngram_range
from bench.api import WORD, BenchError, Params, Truncation, normalizer

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import TfidfVectorizer

MAX_CHARACTERS = 20_000
"""A text is cut to this before any work on it: the longest IMDb review has 13,704 characters."""
TOKEN = rf"(?u){WORD}|[^\w\s]+"
"""A word, or a run of anything else: emoticons, emoji, `!!!`."""


def characters_cut(texts: Sequence[str]) -> Truncation:
    """What `MAX_CHARACTERS` cuts off."""
    return Truncation.beyond(MAX_CHARACTERS, np.array([len(text) for text in texts], np.int64))


def encodable(text: str) -> str:
    """With a question mark for half of an emoji, which is no UTF-8."""
    return text.encode("utf-8", "replace").decode()


class TextFeatures:
    """TF-IDF of word n-grams, of character n-grams within words, or of both, one block of columns each.

    `params`: `word_ngrams` and `char_ngrams` (`"1-2"`, or `"none"`), `min_df` (texts that must hold an n-gram),
    `max_features` (the most frequent n-grams that a block keeps; 0 keeps all) and `sublinear` (1 + log of the count).
    """

    def __init__(self, params: Params, normalization: str) -> None:
        self._normalize = normalizer(normalization)
        ranges = {kind: ngram_range(params[f"{kind}_ngrams"], f"{kind}_ngrams") for kind in ("word", "char")}
        self.blocks = {kind: _vectorizer(kind, span, params) for kind, span in ranges.items() if span is not None}
        if not self.blocks:
            raise BenchError("word_ngrams and char_ngrams are both 'none': give one of them a range such as 1-2")

    def clean(self, texts: Sequence[str]) -> list[str]:
        """The texts, cut and normalized."""
        return [self._normalize(text[:MAX_CHARACTERS]) for text in texts]

    def truncation(self, texts: Sequence[str]) -> Truncation:
        """What is not read of these texts, by characters."""
        return characters_cut(texts)

    def fit_transform(self, texts: Sequence[str]) -> csr_matrix:
        """Learn vocabularies and document frequencies; float32 [n_texts, n_features]."""
        from scipy.sparse import hstack

        cleaned = self.clean(texts)
        try:
            return hstack(
                [block.fit_transform(cleaned) for block in self.blocks.values()], format="csr", dtype=np.float32
            )
        except ValueError as error:
            raise BenchError(f"no n-gram is in enough training texts ({error}): lower min_df") from None

    def transform(self, cleaned: Sequence[str]) -> list[csr_matrix]:
        """Each block of features of texts that `clean` returned, float32 [n_texts, features of the block]."""
        return [block.transform(cleaned) for block in self.blocks.values()]

    @property
    def widths(self) -> list[int]:
        """How many features each block has."""
        return [len(block.vocabulary_) for block in self.blocks.values()]

    def save(self, folder: Path) -> dict[str, npt.NDArray[np.float32]]:
        """Write `vocabulary.json`; the inverse document frequencies are returned, to stand with the model's weights."""
        terms = {
            kind: sorted(block.vocabulary_, key=block.vocabulary_.__getitem__) for kind, block in self.blocks.items()
        }
        text = json.dumps(terms, ensure_ascii=False, separators=(",", ":"))
        (folder / "vocabulary.json").write_text(text, encoding="utf-8")
        return {f"idf.{kind}": block.idf_.astype(np.float32) for kind, block in self.blocks.items()}

    @classmethod
    def load(
        cls, folder: Path, weights: dict[str, npt.NDArray[np.float32]], params: Params, normalization: str
    ) -> TextFeatures:
        """What `save` wrote."""
        features = cls(params, normalization)
        terms = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
        for kind, block in features.blocks.items():
            block.vocabulary = {term: column for column, term in enumerate(terms[kind])}
            block.idf_ = weights[f"idf.{kind}"]
        return features


def _vectorizer(kind: str, span: tuple[int, int], params: Params) -> TfidfVectorizer:
    from sklearn.feature_extraction.text import TfidfVectorizer

    shared: dict[str, Any] = {
        "ngram_range": span,
        "min_df": params["min_df"],
        "max_features": params["max_features"] or None,
        "sublinear_tf": params["sublinear"],
        "dtype": np.float32,
    }
    return (
        TfidfVectorizer(token_pattern=TOKEN, **shared)
        if kind == "word"
        else TfidfVectorizer(analyzer="char_wb", **shared)
    )


def sparse_product(blocks: Sequence[csr_matrix], kernel: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The features [n, f] of all blocks times `kernel` [f, k], without putting the blocks side by side first."""
    product, start = np.zeros((blocks[0].shape[0], kernel.shape[1]), np.float32), 0
    for block in blocks:
        product += block @ kernel[start : start + block.shape[1]]
        start += block.shape[1]
    return product
