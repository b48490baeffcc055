"""What an answer says beyond label and probabilities: all labels that a text has, whether the model is sure enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from bench.api import BenchError, Card, Probabilities
from bench.confidence.conformal import ERRORS
from bench.confidence.storage import Confidence
from bench.thresholds import predicted_labels


@dataclass(frozen=True)
class Answering:
    """Parts of an answer that are asked for; both rest on calibrated probabilities."""

    calibrated: bool = False
    least: float | None = None
    """Answers below this confidence are marked as none."""
    error: float | None = None
    """With sets of labels that lack the true one in this share of texts."""
    thresholds: tuple[float, ...] = ()
    """From which probability a text has each label, of a model of several a text; none of one label."""

    @classmethod
    def of(cls, calibrated: bool, least: float | None, coverage: float | None) -> Answering:
        """Of options; `coverage` is the share of sets that hold the true label, a `BenchError` for one not fitted."""
        if coverage is not None and round(1 - coverage, 9) not in ERRORS:
            offered = ", ".join(f"{1 - error:g}" for error in ERRORS)
            raise BenchError(f"--sets {coverage:g}: sets are fitted for {offered}")
        error = None if coverage is None else round(1 - coverage, 9)
        return cls(calibrated or least is not None or error is not None, least, error)

    def by(self, card: Card) -> Answering:
        """As the model with that card can answer."""
        return replace(self, thresholds=tuple(card.get("thresholds", ())))

    @property
    def names(self) -> list[str]:
        """Of the columns, or fields, that are added."""
        return (
            ["labels"] * bool(self.thresholds)
            + ["answered"] * (self.least is not None)
            + ["set"] * (self.error is not None)
        )

    def values(
        self, confidence: Confidence | None, probabilities: Probabilities, labels: Sequence[str]
    ) -> list[list[Any]]:
        """Of each text, by `names`: a list of labels, true or false, and a list with the most probable one first."""
        rows: list[list[Any]] = [[] for _ in probabilities]
        if self.thresholds:
            for row, has in zip(rows, predicted_labels(probabilities, self.thresholds).tolist(), strict=True):
                row.append([label for label, there in zip(labels, has, strict=True) if there])
        if confidence is None:
            return rows
        if self.least is not None:
            for row, sure in zip(rows, (probabilities.max(axis=1) >= self.least).tolist(), strict=True):
                row.append(sure)
        if self.error is not None:
            (conformal,) = (each for each in confidence.fitted.conformal if each.error == self.error)
            inside, order = conformal.sets(probabilities), (-probabilities).argsort(axis=1, kind="stable")
            for row, places, member in zip(rows, order.tolist(), inside.tolist(), strict=True):
                row.append([labels[i] for i in places if member[i]])
        return rows


PLAIN = Answering()
"""Label and probabilities alone."""
