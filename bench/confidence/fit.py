"""Fits everything for one run from its stored predictions: on validation alone, then looked at on test."""

from __future__ import annotations

import numpy as np

from bench.arrays import Arrays
from bench.confidence import calibration, conformal, decision, selective
from bench.confidence.storage import Confidence, Fitted, Scores, Tested
from bench.contract import Probabilities
from bench.errors import BenchError
from bench.measure.bins import Labels
from bench.measure.quality import score
from bench.schema import Result

LEAST = 50
"""Validation texts: fewer calibrate nothing."""


def confidence_of(result: Result, arrays: Arrays, method: calibration.Method, metric: str) -> Confidence:
    """Of a run with stored validation and test predictions. A `BenchError` for a refit, which has no validation."""
    names = list(result.data.label_names)
    if result.identity.artifact is None or "validation_labels" not in arrays or result.quality is None:
        raise BenchError(f"{result.run_id} has no stored predictions of validation, and nothing else may calibrate it")
    labels, probabilities = arrays["validation_labels"], arrays["validation_probabilities"]
    if len(labels) < LEAST:
        raise BenchError(f"{result.run_id}: {len(labels)} validation texts; {LEAST} and more calibrate a model")
    fitted = _fitted(labels, probabilities, method, metric, names)
    return Confidence(
        run_id=result.run_id, dataset=result.data.dataset, artifact=result.identity.artifact, fitted=fitted,
        tested=_tested(fitted, arrays["labels"], arrays["probabilities"]),
    )  # fmt: skip


def _fitted(
    labels: Labels, probabilities: Probabilities, method: calibration.Method, metric: str, names: list[str]
) -> Fitted:
    """Isotonic functions fit the texts that they are made of too well: what follows is of the other half."""
    rows = np.arange(len(labels))
    first, second = (rows % 2 == 0, rows % 2 == 1) if method == "isotonic" else (rows >= 0, rows >= 0)
    fitted = calibration.fit(labels[first], probabilities[first], method)
    calibrated = fitted(probabilities[second])
    return Fitted(
        label_names=names,
        calibration=fitted,
        thresholds=selective.thresholds(calibrated),
        conformal=conformal.fit(labels[second], calibrated),
        weights=decision.fit(labels[second], calibrated, metric),
        metric=metric,
    )


def _tested(fitted: Fitted, labels: Labels, probabilities: Probabilities) -> Tested:
    calibrated = fitted.calibration(probabilities)
    before, after = (_scores(labels, each, fitted.label_names) for each in (probabilities, calibrated))
    equal = np.ones(len(fitted.weights))
    return Tested(
        before=before,
        after=after,
        selective=[selective.evaluate(threshold, labels, calibrated) for threshold in fitted.thresholds],
        sets=[conformal.evaluate(each, labels, calibrated) for each in fitted.conformal],
        metric_before=decision.score(labels, calibrated, equal, fitted.metric),
        metric_after=decision.score(labels, calibrated, np.asarray(fitted.weights), fitted.metric),
    )


def _scores(labels: Labels, probabilities: Probabilities, names: list[str]) -> Scores:
    quality = score(labels, probabilities, names)
    return Scores(log_loss=quality.log_loss, brier=quality.brier, ece=quality.ece)
