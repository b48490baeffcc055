"""What validation shows of a compressed model: its score, and that it has lost no more than it may."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.errors import BenchError
from bench.metrics import Metric, written
from bench.stats.contributions import contributions
from bench.stats.crossed import Sample, difference, mean
from bench.stats.estimate import Estimate
from bench.thresholds import predicted_labels, thresholds_for

Labels = npt.NDArray[np.int64]
Probabilities = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Goals:
    """Of quality; each is met where validation shows it, in a one-sided test at 5 %."""

    metric: Metric
    """The data set's own, of the drop."""
    max_drop: float | None
    """Against the parent; None for none. The test is of non-inferiority (Piaggio et al., JAMA 308, 2012)."""
    least: Mapping[Metric, float]
    """Scores."""

    @property
    def text(self) -> str:
        """`, at most 0.01 of accuracy lost`, to stand after the targets; empty for no largest drop."""
        return "" if self.max_drop is None else f", at most {self.max_drop:g} of {written(self.metric)} lost"


@dataclass(frozen=True)
class Judgement:
    """Of one candidate."""

    score: float
    """By the data set's metric."""
    drop: Estimate
    """The parent's score less the candidate's, on the same texts."""
    shortfalls: Mapping[str, float]
    """By goal, how far the end of the one-sided interval lies beyond it; 0 or less where it is shown to be met."""

    @property
    def largest_drop(self) -> float:
        """That validation leaves open: the upper bound of the one-sided 95 % interval."""
        return self.drop.most()


class Validation:
    """The parent's predictions of the validation split, which candidates are held against."""

    def __init__(self, labels: Labels, probabilities: Probabilities, goals: Goals) -> None:
        self.labels, self.n_labels, self.goals = labels, probabilities.shape[1], goals
        self._parent = self._sample(probabilities, goals.metric)

    def check(self) -> None:
        """A `BenchError` for a drop so small that not even a copy of the parent could be shown to keep to it."""
        least = difference(self._parent, self._parent, None, None).most()
        if self.goals.max_drop is not None and not self.goals.max_drop >= least:
            raise BenchError(
                f"--max-drop {self.goals.max_drop:g}: {len(self.labels)} validation texts cannot show a drop of less "
                f"than {np.ceil(least * 1e4) / 1e4:.4f}, whatever the model; allow more"
            )

    def judge(self, labels: Labels, probabilities: Probabilities) -> Judgement:
        """Of probabilities [n, k] of the same texts; other labels are a `BenchError`."""
        if not np.array_equal(labels, self.labels) or probabilities.shape[1] != self.n_labels:
            raise BenchError("the parent was validated on other texts: train it again")
        goals = self.goals
        child = self._sample(probabilities, goals.metric)
        drop = difference(child, self._parent, None, None)
        found = {} if goals.max_drop is None else {"drop": drop.most() - goals.max_drop}
        for metric, least in goals.least.items():
            found[metric] = least - mean(self._sample(probabilities, metric), None).least()
        return Judgement(child.score, drop, found)

    def _sample(self, probabilities: Probabilities, metric: Metric) -> Sample:
        predicted = predicted_labels(probabilities, thresholds_for(self.labels, probabilities))
        return Sample(contributions(self.labels, predicted, self.n_labels, metric)[None])
