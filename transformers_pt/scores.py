"""Validation scores after an epoch."""

from __future__ import annotations

from typing import Any


def validation_scores(predicted: Any) -> dict[str, float]:
    """Of logits [n, labels] against labels [n]: `accuracy`, `macro_f1`, `macro_recall`."""
    from sklearn.metrics import accuracy_score, f1_score, recall_score

    logits, labels = predicted
    chosen = (logits[0] if isinstance(logits, tuple) else logits).argmax(-1)
    return {
        "accuracy": float(accuracy_score(labels, chosen)),
        "macro_f1": float(f1_score(labels, chosen, average="macro", zero_division=0)),
        "macro_recall": float(recall_score(labels, chosen, average="macro", zero_division=0)),
    }
