"""Word and character TF-IDF into a linear model (scikit-learn)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from bench.api import (
    CLASS_WEIGHTS,
    STANDALONE,
    BenchError,
    Choice,
    LogUniform,
    Params,
    Predictor,
    Probabilities,
    Recipe,
    RunContext,
    Split,
    Training,
    Truncation,
    did_you_mean,
    sigmoid,
    softmax,
)

if TYPE_CHECKING:
    from baselines.vectorize import TextFeatures

CLASSIFIERS = ("svm", "logreg")
CERTAIN = 4.0
"""The score of a label that every text has."""
FOLDS = 3
"""Of the cross-validation that calibrates where there is no validation."""


class Linear(Recipe):
    """Word and character TF-IDF into a linear SVM or logistic regression, probabilities calibrated on validation.

    Without validation they are calibrated on scores that cross-validation gives inside of train.

    Calibration is one temperature for all scores (Guo et al., "On Calibration of Modern Neural Networks", 2017), so it
    never changes which label wins. Where a text may have several labels, each has a classifier and a temperature.
    """

    name, framework, requires = "linear", "scikit-learn", ("sklearn", "scipy", "safetensors")
    defaults = {
        "classifier": "svm",  # `svm` or `logreg` (logistic regression)
        "C": 0.25,  # inverse of the regularization: the larger, the closer to the training texts
        "class_weight": "balanced",  # `none`, or `balanced`: rare labels weigh more in the loss
        "word_ngrams": "1-2",  # shortest and longest n-gram of words, as in 1-2, or `none`
        "char_ngrams": "2-5",  # shortest and longest n-gram of characters, as in 2-5, or `none`
        "min_df": 2,  # training texts that an n-gram must be in
        "max_features": 0,  # n-grams of each kind at most, the most frequent; 0: all
        "sublinear": True,  # 1 + log of a count in place of the count
    }
    space = {
        "classifier": Choice(*CLASSIFIERS),
        "C": LogUniform(0.02, 20.0),
        "class_weight": Choice(*CLASS_WEIGHTS),
        "word_ngrams": Choice("1-1", "1-2", "1-3"),
        "char_ngrams": Choice("none", "2-4", "2-5", "3-5"),
        "min_df": Choice(1, 2, 3),
    }
    smoke = {"char_ngrams": "none", "max_features": 5000}
    sources = ("artifact.py", "ngrams.py", "vectorize.py")
    normalization = "plain-2"
    multi_label = True

    def fit(
        self,
        train: Split,
        validation: Split,
        params: Params,
        seed: int,
        out_dir: Path,
        context: RunContext = STANDALONE,
    ) -> Training:
        """Vectorizer and classifier on train, the temperature on validation or, without it, by cross-validation."""
        from baselines.artifact import save_artifact
        from baselines.vectorize import TextFeatures

        features = TextFeatures(params, self.normalization)
        matrix = features.fit_transform(train.texts)
        coef, intercept = _fitted(matrix, train.labels, params, seed)
        weights = {"coef": coef, "intercept": intercept, **features.save(out_dir)}
        if len(validation):
            held_out = features.transform(features.clean(validation.texts))
            scores = _scores(held_out, coef, intercept, train.multi_label)
            temperature = _temperature(scores, validation.labels)
        else:
            temperature = _unseen_temperature(matrix, train.labels, params, seed)
        config = {
            "label_names": list(train.label_names),
            "multi_label": train.multi_label,
            "normalization": self.normalization,
            "params": dict(params),
            "temperature": temperature,
        }
        save_artifact(out_dir, config, weights)
        return Training()

    def load(self, artifact_dir: Path) -> Predictor:
        """Vocabularies from JSON, numbers from safetensors."""
        from baselines.artifact import load_artifact
        from baselines.vectorize import TextFeatures

        config, weights = load_artifact(artifact_dir)
        features = TextFeatures.load(artifact_dir, weights, config["params"], config["normalization"])
        return LinearPredictor(features, weights, config["temperature"], config.get("multi_label", False))


class LinearPredictor(Predictor):
    """One sparse product for each block of features."""

    runtime = "scikit-learn"

    def __init__(
        self,
        features: TextFeatures,
        weights: dict[str, npt.NDArray[np.float32]],
        temperature: float | list[float],
        multi_label: bool = False,
    ) -> None:
        from baselines.artifact import count_parameters

        self.features, self.temperature, self.multi_label = features, np.asarray(temperature), multi_label
        self.coef, self.intercept = weights["coef"], weights["intercept"]
        self.parameters, self.nonzero_parameters = count_parameters(weights)

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        """Float32 [n_texts, n_labels]."""
        return self._classify(self._vectorize(texts))

    def stages(self) -> dict[str, Callable[[Any], Any]]:
        """Text to features, features to probabilities."""
        return {"tokenize": self._vectorize, "forward": self._classify}

    def truncation(self, texts: Sequence[str]) -> Truncation:
        """Of these texts, by characters."""
        return self.features.truncation(texts)

    def _vectorize(self, texts: Sequence[str]) -> list[Any]:
        return self.features.transform(self.features.clean(texts)) if texts else []

    def _classify(self, blocks: list[Any]) -> Probabilities:
        if not blocks:
            return np.zeros((0, max(2, len(self.intercept))), np.float32)
        scores = _scores(blocks, self.coef, self.intercept, self.multi_label) / self.temperature
        return sigmoid(scores) if self.multi_label else softmax(scores)


def _classifier(params: Params, seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import LinearSVC

    for name, options in (("classifier", CLASSIFIERS), ("class_weight", CLASS_WEIGHTS)):
        if params[name] not in options:
            raise BenchError(f"{name}={params[name]}: {did_you_mean(str(params[name]), options)}")
    weight = None if params["class_weight"] == "none" else params["class_weight"]
    shared = {"C": params["C"], "class_weight": weight, "random_state": seed}
    if params["classifier"] == "svm":
        return LinearSVC(dual=True, tol=1e-3, max_iter=3000, **shared)
    return LogisticRegression(tol=1e-3, max_iter=500, **shared)


def _fitted(
    matrix: Any, labels: npt.NDArray[np.int64], params: Params, seed: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Weights [n_features, n_scores] and intercepts [n_scores]; of several labels a text a score a label."""
    if labels.ndim == 2:
        fit = [_fitted if len(np.unique(is_so)) == 2 else _certain for is_so in labels.T]
        parts = [each(matrix, is_so, params, seed) for each, is_so in zip(fit, labels.T, strict=True)]
        coefs, intercepts = zip(*parts, strict=True)
        return np.ascontiguousarray(np.hstack(coefs)), np.concatenate(intercepts)
    model = _classifier(params, seed).fit(matrix, labels)
    return np.ascontiguousarray(model.coef_.T, np.float32), model.intercept_.astype(np.float32)


def _certain(
    matrix: Any, labels: npt.NDArray[np.int64], params: Params, seed: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """As `_fitted`, of a label that every text has, or none."""
    return np.zeros((matrix.shape[1], 1), np.float32), np.array([CERTAIN if labels[0] else -CERTAIN], np.float32)


def _scores(
    blocks: list[Any], coef: npt.NDArray[Any], intercept: npt.NDArray[Any], multi_label: bool = False
) -> npt.NDArray[Any]:
    """Float [n_texts, n_labels]."""
    from baselines.vectorize import sparse_product

    scores = sparse_product(blocks, coef) + intercept
    return scores if multi_label else _both_columns(scores)


def _temperature(scores: npt.NDArray[Any], labels: npt.NDArray[np.int64]) -> float | list[float]:
    """One; of several labels a text one a label."""
    if labels.ndim == 1:
        return fit_temperature(scores, labels)
    pairs = zip(scores.T, labels.T, strict=True)
    return [fit_temperature(_both_columns(of_label), is_so) for of_label, is_so in pairs]


def _unseen_temperature(matrix: Any, labels: npt.NDArray[np.int64], params: Params, seed: int) -> float | list[float]:
    """As of `_temperature`, without rows that the classifier has not seen."""
    if labels.ndim == 1:
        return _cross_validated_temperature(matrix, labels, params, seed)
    return [_cross_validated_temperature(matrix, is_so, params, seed) for is_so in labels.T]


def _cross_validated_temperature(matrix: Any, labels: npt.NDArray[np.int64], params: Params, seed: int) -> float:
    """The temperature of scores that each row gets from a classifier trained without it; 1 where a label has one row.

    The vocabulary and its weights are of all rows: no label is in them.
    """
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    counts = np.bincount(labels)
    folds = min(FOLDS, int(counts[counts > 0].min()))
    if folds < 2 or np.count_nonzero(counts) < 2:
        return 1.0
    splits = StratifiedKFold(folds, shuffle=True, random_state=seed)
    scores = cross_val_predict(_classifier(params, seed), matrix, labels, cv=splits, method="decision_function")
    return fit_temperature(_both_columns(scores), labels)


def _both_columns(scores: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Float [n_texts, n_labels]; with two labels the one score is of the second, and the first has zero."""
    column = scores.reshape(len(scores), -1)
    return np.hstack([np.zeros_like(column), column]) if column.shape[1] == 1 else column


def fit_temperature(scores: npt.NDArray[Any], labels: npt.NDArray[np.int64]) -> float:
    """The divisor of `scores` [n, k] that gives `labels` the least log loss."""
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    rows = np.arange(len(labels))

    def log_loss(log_temperature: float) -> float:
        return float(-log_softmax(scores / np.exp(log_temperature), axis=1)[rows, labels].mean())

    return float(np.exp(minimize_scalar(log_loss, bounds=(-4.0, 4.0), method="bounded").x))
