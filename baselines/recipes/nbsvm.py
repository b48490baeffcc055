"""Naive Bayes features into a linear SVM (Wang and Manning, "Baselines and Bigrams", 2012)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from baselines.ngrams import ngram_range
from baselines.recipes.linear import FOLDS, LinearPredictor, fit_temperature
from baselines.vectorize import TOKEN, TextFeatures, sparse_product
from bench.api import (
    STANDALONE,
    BenchError,
    Choice,
    LogUniform,
    Params,
    Predictor,
    Recipe,
    RunContext,
    Split,
    Training,
    Uniform,
    normalizer,
)

PAPERS_BETA = 0.25


class NaiveBayesSVM(Recipe):
    """Word n-grams that are there or not, scaled by their log-count ratio for a label, into a linear SVM a label.

    Each label stands against all others. The weights are interpolated between the SVM's and naive Bayes's, `beta` of
    the former, as in the paper, which has two labels; of more, naive Bayes's weights are on scales of their own, and
    they are left out. Probabilities are a softmax of the scores, calibrated by one temperature on validation
    (without it, by cross-validation).
    """

    name, framework, requires = "nbsvm", "scikit-learn", ("sklearn", "scipy", "safetensors")
    deterministic = True
    defaults = {
        "C": 1.0,  # inverse of the regularization: the larger, the closer to the training texts
        "alpha": 1.0,  # added to every count before their ratio
        "beta": None,  # share of the learned weights beside their mean; None: 0.25 of two labels, 1 of more
        "word_ngrams": "1-2",  # shortest and longest n-gram of words
        "min_df": 2  # training texts that an n-gram must be in
    }  # fmt: skip
    space = {
        "C": LogUniform(0.05, 20.0),
        "alpha": LogUniform(0.1, 2.0),
        "beta": Uniform(0.1, 1.0),
        "word_ngrams": Choice("1-1", "1-2", "1-3"),
        "min_df": Choice(1, 2, 3),
    }
    smoke = {"word_ngrams": "1-1"}
    sources = ("artifact.py", "ngrams.py", "vectorize.py", "recipes/linear.py")
    normalization = "plain-2"

    def fit(
        self,
        train: Split,
        validation: Split,
        params: Params,
        seed: int,
        out_dir: Path,
        context: RunContext = STANDALONE,
    ) -> Training:
        """Ratios and SVMs on train, the temperature on validation or, without it, by cross-validation."""
        from baselines.artifact import save_artifact

        if params["alpha"] <= 0:
            raise BenchError(f"alpha={params['alpha']}: give a number above 0")
        beta = params["beta"]
        if beta is not None and not (isinstance(beta, int | float) and 0 < beta <= 1):
            raise BenchError(f"beta={beta}: give a number above 0, at most 1")
        ngrams = Ngrams(params, self.normalization)
        matrix = ngrams.fit_transform(train.texts)
        coef, intercept = _fit(matrix, train.labels, len(train.label_names), params, seed)
        if len(validation):
            scores = sparse_product(ngrams.transform(ngrams.clean(validation.texts)), coef) + intercept
            temperature = fit_temperature(scores, validation.labels)
        else:
            temperature = _cross_validated_temperature(matrix, train.labels, len(train.label_names), params, seed)
        ngrams.save(out_dir)
        config = {
            "label_names": list(train.label_names),
            "normalization": self.normalization,
            "params": dict(params),
            "temperature": temperature,
        }
        save_artifact(out_dir, config, {"coef": coef, "intercept": intercept})
        return Training()

    def load(self, artifact_dir: Path) -> Predictor:
        """Vocabulary from JSON, numbers from safetensors."""
        from baselines.artifact import load_artifact

        config, weights = load_artifact(artifact_dir)
        ngrams = Ngrams.load(artifact_dir, weights, config["params"], config["normalization"])
        return LinearPredictor(ngrams, weights, config["temperature"])  # the ratios are folded into the weights


class Ngrams(TextFeatures):
    """Which word n-grams a text holds, whatever their number: one block of zeros and ones."""

    def __init__(self, params: Params, normalization: str) -> None:
        from sklearn.feature_extraction.text import CountVectorizer

        span = ngram_range(params["word_ngrams"], "word_ngrams")
        if span is None:
            raise BenchError("word_ngrams=none: give the shortest and longest n-gram as in 1-2")
        self._normalize = normalizer(normalization)
        self.blocks = {
            "word": CountVectorizer(
                token_pattern=TOKEN, ngram_range=span, min_df=params["min_df"], binary=True, dtype=np.float32
            )
        }

    def save(self, folder: Path) -> dict[str, npt.NDArray[np.float32]]:
        """Write `vocabulary.json`, terms in the order of their columns; there are no numbers beside them."""
        vocabulary = self.blocks["word"].vocabulary_
        text = json.dumps(sorted(vocabulary, key=vocabulary.__getitem__), ensure_ascii=False, separators=(",", ":"))
        (folder / "vocabulary.json").write_text(text, encoding="utf-8")
        return {}

    @classmethod
    def load(
        cls, folder: Path, weights: dict[str, npt.NDArray[np.float32]], params: Params, normalization: str
    ) -> Ngrams:
        """What `save` wrote."""
        ngrams = cls(params, normalization)
        terms = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
        ngrams.blocks["word"].vocabulary = {term: column for column, term in enumerate(terms)}
        return ngrams


def _fit(
    matrix: Any, labels: npt.NDArray[np.int64], n_labels: int, params: Params, seed: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Weights float32 [n_features, n_labels] on the plain features, and intercepts float32 [n_labels]."""
    from scipy.sparse import diags
    from sklearn.svm import LinearSVC

    beta = params["beta"] if params["beta"] is not None else (PAPERS_BETA if n_labels == 2 else 1.0)
    coef = np.zeros((matrix.shape[1], n_labels), np.float32)
    intercept = np.full(n_labels, -1.0, np.float32)  # as of a label that no training text has
    for label in np.unique(labels):
        of_label = labels == label
        ratio = _log_count_ratio(matrix, of_label, params["alpha"])
        svm = LinearSVC(C=params["C"], dual=True, tol=1e-3, max_iter=3000, random_state=seed)
        svm.fit(matrix @ diags(ratio), of_label)
        weights = svm.coef_[0]
        mean = np.abs(weights).mean()
        coef[:, label] = ratio * ((1 - beta) * mean + beta * weights)
        intercept[label] = svm.intercept_[0]
    return coef, intercept


def _cross_validated_temperature(
    matrix: Any, labels: npt.NDArray[np.int64], n_labels: int, params: Params, seed: int
) -> float:
    """Of scores that each row gets from SVMs trained without it; 1 where a label has one row."""
    from sklearn.model_selection import StratifiedKFold

    counts = np.bincount(labels)
    folds = min(FOLDS, int(counts[counts > 0].min()))
    if folds < 2:
        return 1.0
    scores = np.zeros((len(labels), n_labels))
    for others, own in StratifiedKFold(folds, shuffle=True, random_state=seed).split(matrix, labels):
        coef, intercept = _fit(matrix[others], labels[others], n_labels, params, seed)
        scores[own] = matrix[own] @ coef + intercept
    return fit_temperature(scores, labels)


def _log_count_ratio(matrix: Any, of_label: npt.NDArray[np.bool_], alpha: float) -> npt.NDArray[np.float64]:
    """How much likelier each n-gram is in texts of the label than in others, float64 [n_features], smoothed."""
    p = alpha + np.asarray(matrix[of_label].sum(axis=0), np.float64).ravel()
    q = alpha + np.asarray(matrix[~of_label].sum(axis=0), np.float64).ravel()
    ratio: npt.NDArray[np.float64] = np.log(p / p.sum()) - np.log(q / q.sum())
    return ratio
