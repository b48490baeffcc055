"""Which labels are wrong? Those that a model which has not seen the row finds improbable, by confident learning."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from bench.contract import Probabilities, Split
from bench.errors import BenchError
from bench.requirements import install_command

FOLDS = 5


class Suspect(BaseModel):
    """A row whose label is probably wrong."""

    model_config = ConfigDict(extra="forbid")

    id: str
    text: str
    label: str = Field(description="As it is.")
    suggested: str = Field(description="What the model finds most probable.")
    quality: float = Field(description="The probability of the label as it is, by a model that has not seen the row.")


def suspects(train: Split) -> list[Suspect]:
    """The rows of train whose labels are probably wrong, the worst first.

    Northcutt, Jiang, Chuang, "Confident Learning", JAIR 70, 2021; `cleanlab` counts, out of probabilities by a linear
    model over words and pairs of words, each row's from folds that it is not in.
    """
    try:
        from cleanlab.filter import find_label_issues
    except ImportError:
        raise BenchError(f"to look for wrong labels 'cleanlab' is needed: {install_command('cleanlab')}") from None
    probabilities = out_of_fold(train)
    found = find_label_issues(
        train.labels, probabilities, return_indices_ranked_by="self_confidence", n_jobs=1, filter_by="both"
    )
    names, best = train.label_names, probabilities.argmax(axis=1)
    return [
        Suspect(
            id=train.ids[i], text=train.texts[i], label=names[train.labels[i]], suggested=names[best[i]],
            quality=round(float(probabilities[i, train.labels[i]]), 4),
        )
        for i in found.tolist()
    ]  # fmt: skip


def out_of_fold(split: Split, folds: int = FOLDS) -> Probabilities:
    """Probabilities float32 [n_texts, n_labels], each row's by a model that was trained on the other folds.

    Copies of a text share a fold, so that none is predicted from its own label.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline

    from bench.data.duplicates import hash_texts

    model: Any = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, token_pattern=r"(?u)\b\w+\b"),
        LogisticRegression(C=4.0, max_iter=200),
    )
    smallest = int(np.bincount(split.labels, minlength=len(split.label_names)).min())
    if smallest < 2:
        raise BenchError("a label has fewer than two texts in train: there is nothing to predict it from")
    groups = StratifiedGroupKFold(min(folds, smallest), shuffle=True, random_state=0)
    found = cross_val_predict(
        model, split.texts, split.labels, groups=hash_texts(split.texts), cv=groups, method="predict_proba"
    )
    return np.asarray(found, np.float32)


def write_suspects(found: list[Suspect], path: Path) -> None:
    """A CSV to correct by hand, the worst first."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(Suspect.model_fields))
        writer.writeheader()
        writer.writerows(suspect.model_dump() for suspect in found)
