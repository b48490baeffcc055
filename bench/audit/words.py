"""A quick linear model over words, by which labels are counted: seconds on tens of thousands of texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.contract import Probabilities

Labels = npt.NDArray[np.int64]


def vectors(texts: Sequence[str]) -> tuple[Any, Any]:
    """TF-IDF of the words of these texts, and what makes it of others; a text without words is a row of zeros."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer: Any = TfidfVectorizer(sublinear_tf=True, token_pattern=r"(?u)\b\w+\b|[^\w\s]", dtype=np.float32)
    return vectorizer.fit_transform(texts), vectorizer


def fitted(matrix: Any, labels: Labels) -> Any:
    """A logistic regression of these rows."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=4.0, max_iter=100, tol=1e-3).fit(matrix, labels)


def probabilities(model: Any, matrix: Any, labels: int) -> Probabilities:
    """Float32 [n_texts, n_labels]; 0 for a label that it has not seen."""
    found = np.zeros((matrix.shape[0], labels), np.float32)
    found[:, model.classes_] = model.predict_proba(matrix)
    return found
