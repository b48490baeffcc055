"""The scores that may decide between models."""

from __future__ import annotations

from typing import Literal

Metric = Literal["accuracy", "macro_f1", "macro_recall"]
METRICS: tuple[Metric, ...] = ("accuracy", "macro_f1", "macro_recall")
AnyMetric = Metric | Literal["micro_f1"]
"""With what decides of no data set, and is compared where a text may have several labels."""
MULTI_LABEL_METRICS: tuple[AnyMetric, ...] = ("accuracy", "macro_f1", "macro_recall", "micro_f1")
"""There accuracy is of the whole set of a text's labels, and micro-F1 is another score."""


def written(metric: AnyMetric, multi_label: bool = False) -> str:
    """As text: `macro-F1`; `multi_label` where a text may have several labels, all of which must be right."""
    accuracy = "subset accuracy" if multi_label else "accuracy"
    named = {"macro_f1": "macro-F1", "macro_recall": "macro-recall", "micro_f1": "micro-F1"}
    return named.get(metric, accuracy)
