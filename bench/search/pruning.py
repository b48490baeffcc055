"""Ends hopeless trials: follows a training's validation scores and stops it where the median of others is better."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from optuna.trial import Trial

from bench.run.launcher import StopWorker
from bench.search.study import Metric

FALLBACKS: dict[Metric, tuple[str, ...]] = {
    "accuracy": ("validation_accuracy",),
    "macro_f1": ("validation_macro_f1", "validation_accuracy"),
    "macro_recall": ("validation_macro_recall", "validation_accuracy"),
    "log_loss": ("validation_log_loss", "validation_loss"),
}
"""Values that a training may report in place of the metric, the nearest first."""


class Watcher:
    """A progress listener of one training: each message with a validation score is the end of an epoch."""

    def __init__(
        self, trial: Trial, metric: Metric, listener: Callable[[float, float, Mapping[str, float]], None]
    ) -> None:
        self._trial, self._names, self._listener = trial, FALLBACKS[metric], listener
        self._epoch, self._closed = 0, False
        self._lock = threading.Lock()
        self.pruned = False

    def __call__(self, done: float, total: float, values: Mapping[str, float]) -> None:
        """Report an epoch to the study; raises StopWorker where the pruner decides so, but not after the last epoch."""
        self._listener(done, total, values)
        value = next((values[name] for name in self._names if name in values), None)
        if value is None:
            return
        with self._lock:
            if self._closed:
                return
            self._epoch += 1
            self._trial.report(value, self._epoch)
            self.pruned = done < total and self._trial.should_prune()
        if self.pruned:
            raise StopWorker(f"pruned after epoch {self._epoch}")

    def close(self) -> None:
        """The training is over: a late message must not change a finished trial."""
        with self._lock:
            self._closed = True
