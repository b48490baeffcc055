"""The scores that may decide between models."""

from __future__ import annotations

from typing import Literal

Metric = Literal["accuracy", "macro_f1", "macro_recall"]
METRICS: tuple[Metric, ...] = ("accuracy", "macro_f1", "macro_recall")


def written(metric: Metric) -> str:
    """As text: `macro-F1`."""
    return {"accuracy": "accuracy", "macro_f1": "macro-F1", "macro_recall": "macro-recall"}[metric]
