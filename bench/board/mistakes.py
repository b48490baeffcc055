"""The texts that the best model gets most confidently wrong: label noise or real blind spots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bench.board.predictions import Shown

MAX_MISTAKES = 15


@dataclass(frozen=True)
class Mistake:
    """One test text."""

    id: str
    true: str
    predicted: str
    probability: float
    """Of the predicted label, mean over seeds."""
    true_probability: float
    seeds_wrong: str
    """`3 of 3`"""
    models_wrong: str
    """How many of the other shown models err on it too; empty where there is none to compare with."""
    text: str | None


def mistakes(shown: Sequence[Shown], texts: Mapping[str, str]) -> list[Mistake]:
    """Of the first shown model, by the mean over its seeds; no text where `texts` lacks the id."""
    if not shown or not shown[0].predicted or shown[0].runs[0].row.thresholds:  # several labels: none is the mistake
        return []
    runs = shown[0].predicted
    mean = np.mean([run.probabilities for run in runs], axis=0)
    predicted, true, rows = mean.argmax(axis=1), runs[0].labels, np.arange(len(mean))
    confidence = np.where(predicted != true, mean[rows, predicted], -1.0)
    worst = [int(i) for i in np.argsort(-confidence, kind="stable")[:MAX_MISTAKES] if confidence[i] > 0]
    others = [labels for model in shown[1:] if (labels := _mean_prediction(model, shown[0])) is not None]
    names = shown[0].label_names
    return [
        Mistake(
            id=str(runs[0].ids[i]),
            true=names[true[i]],
            predicted=names[predicted[i]],
            probability=float(mean[i, predicted[i]]),
            true_probability=float(mean[i, true[i]]),
            seeds_wrong=f"{sum(int(run.probabilities[i].argmax() != true[i]) for run in runs)} of {len(runs)}",
            models_wrong=f"{sum(int(other[i] != true[i]) for other in others)} of {len(others)}" if others else "",
            text=texts.get(str(runs[0].ids[i])),
        )
        for i in worst
    ]


def _mean_prediction(shown: Shown, reference: Shown) -> np.ndarray | None:
    """Predicted labels int64 [n] by the mean over seeds, None where the texts are not the reference's."""
    if not shown.predicted or not np.array_equal(shown.predicted[0].ids, reference.predicted[0].ids):
        return None
    mean = np.mean([run.probabilities for run in shown.predicted], axis=0)
    return np.asarray(mean.argmax(axis=1))
