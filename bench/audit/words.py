"""A quick linear model over words, by which labels are counted: seconds on tens of thousands of texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.contract import Probabilities
from bench.letters import WORD

Labels = npt.NDArray[np.int64]

FEW = 1000


def vectors(texts: Sequence[str], pairs: bool = False) -> tuple[Any, Any]:
    """TF-IDF of the words of these texts, and what makes it of others; a text without words is a row of zeros.

    With `pairs` also of each two words in a row; then what one text alone has is left out, where texts are many.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    longest, least = (2, 2 if len(texts) > FEW else 1) if pairs else (1, 1)
    vectorizer: Any = TfidfVectorizer(
        ngram_range=(1, longest),
        min_df=least,
        sublinear_tf=True,
        token_pattern=rf"(?u){WORD}|[^\w\s]",
        dtype=np.float32,
    )
    return vectorizer.fit_transform(texts), vectorizer


def fitted(matrix: Any, labels: Labels) -> Any:
    """A logistic regression of these rows.

    By stochastic average gradient (Schmidt et al., 2017): of 40,000 tweets and five labels 2 s on one core, where
    L-BFGS needs minutes.
    """
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=4.0, solver="sag", max_iter=100, tol=1e-3, random_state=0).fit(matrix, labels)


def probabilities(model: Any, matrix: Any, labels: int) -> Probabilities:
    """Float32 [n_texts, n_labels]; 0 for a label that it has not seen."""
    found = np.zeros((matrix.shape[0], labels), np.float32)
    found[:, model.classes_] = model.predict_proba(matrix)
    return found
