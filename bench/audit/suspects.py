"""Which labels are wrong? Those that a model which has not seen the row finds improbable, by confident learning."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from bench.audit.words import fitted, probabilities, vectors
from bench.contract import Probabilities, Split
from bench.data.duplicates import hash_texts
from bench.errors import BenchError
from bench.requirements import install_command

FOLDS = 5


class Suspect(BaseModel):
    """A row whose label is suspected to be wrong."""

    model_config = ConfigDict(extra="forbid")

    id: str
    text: str
    label: str = Field(description="As it is.")
    suggested: str = Field(description="What the model finds most probable.")
    quality: float = Field(description="The probability of the label as it is, by a model that has not seen the row.")


def suspects(train: Split) -> list[Suspect]:
    """The rows of train whose labels are suspected to be wrong, the worst first.

    Northcutt, Jiang, Chuang, "Confident Learning", JAIR 70, 2021; `cleanlab` counts, out of probabilities by a linear
    model over words and pairs of words, each row's from folds that it is not in.
    """
    try:
        from cleanlab.filter import find_label_issues
    except ImportError:
        raise BenchError(f"to look for wrong labels 'cleanlab' is needed: {install_command('cleanlab')}") from None
    found = out_of_fold(train)
    wrong = find_label_issues(
        train.labels, found, return_indices_ranked_by="self_confidence", n_jobs=1, filter_by="both"
    )
    names, best = train.label_names, found.argmax(axis=1)
    return [
        Suspect(
            id=train.ids[i], text=train.texts[i], label=names[train.labels[i]], suggested=names[best[i]],
            quality=round(float(found[i, train.labels[i]]), 4),
        )
        for i in wrong.tolist()
    ]  # fmt: skip


def out_of_fold(split: Split) -> Probabilities:
    """Probabilities float32 [n_texts, n_labels], each row's by a model that was trained on the other folds.

    Copies of a text share a fold, so that none is predicted from its own label.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    matrix, _ = vectors(split.texts, pairs=True)
    found = np.zeros((len(split), len(split.label_names)), np.float32)
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    for others, fold in folds.split(matrix, split.labels, hash_texts(split.texts)):
        found[fold] = probabilities(fitted(matrix[others], split.labels[others]), matrix[fold], found.shape[1])
    return found


def too_few(split: Split) -> bool:
    """Whether a label has too few texts to be predicted by other folds."""
    return int(np.bincount(split.labels, minlength=len(split.label_names)).min()) < FOLDS


def write_suspects(found: list[Suspect], path: Path) -> None:
    """A CSV to correct by hand, the worst first."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(Suspect.model_fields))
        writer.writeheader()
        writer.writerows(suspect.model_dump() for suspect in found)
