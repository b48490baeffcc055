"""Scores of predictions, each with a bootstrap interval over the texts.

Every score is a function of a few sums over texts (confusion counts, loss, confidence by bin), so that a resample of
the texts needs those sums alone. Point and interval come from one definition.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.contract import Probabilities
from bench.errors import BenchError
from bench.measure.bins import BINS, CLIP, Floats, Labels, confidence_bins, ratio
from bench.measure.multi_label import SetTerms
from bench.probabilities import sigmoid, softmax
from bench.schema import Interval, MultiLabel, PerClass, Quality, Validation
from bench.thresholds import fit_thresholds, predicted_labels

SEED = 20_260_101
"""Seed of the resamples, the same for every run: two models of one test set are resampled alike."""
AT_ONCE = 2**20
"""Bytes of resamples in a block, whose sums are made together."""
KEPT = 2**25
"""Bytes of resamples of a test set up to which they are kept for the next run that is scored on it."""

Counts = npt.NDArray[np.uint8]


def check_probabilities(returned: Any, n_texts: int, n_labels: int, sums_to_one: bool = True) -> Probabilities:
    """What a recipe returned, as float32 [n_texts, n_labels]; anything but probabilities is an error that names it.

    Where a text may have several labels, rows have any sum.
    """
    if not isinstance(returned, np.ndarray):
        raise BenchError(f"predict_proba returned {type(returned).__name__}; it must return a numpy array")
    if returned.shape != (n_texts, n_labels):
        raise BenchError(
            f"predict_proba returned shape {returned.shape} for {n_texts} texts and {n_labels} labels; "
            f"it must return ({n_texts}, {n_labels})"
        )
    if not np.issubdtype(returned.dtype, np.floating):
        raise BenchError(f"predict_proba returned dtype {returned.dtype}; it must return float32 probabilities")
    if bad := int(np.count_nonzero(~np.isfinite(returned).all(axis=1))):
        raise BenchError(f"predict_proba returned NaN or infinity for {bad} of {n_texts} texts")
    if n_texts and (returned.min() < -1e-6 or returned.max() > 1 + 1e-3):
        raise BenchError(
            f"predict_proba returned values from {returned.min():.6g} to {returned.max():.6g}; "
            "probabilities lie in 0 to 1 (logits need a softmax)"
        )
    sums = returned.sum(axis=1, dtype=np.float64)
    if sums_to_one and (bad := int(np.count_nonzero(np.abs(sums - 1) > 1e-3))):
        worst = sums[np.abs(sums - 1).argmax()]
        raise BenchError(
            f"predict_proba returned rows that do not sum to 1, {bad} of {n_texts}, the worst to {worst:.6g}"
        )
    return returned.astype(np.float32, copy=False)


@dataclass(frozen=True)
class Terms:
    """What each text adds to the sums: a cell of the confusion matrix, its losses, its bin and its calibration gap."""

    cell: Labels
    log_loss: Floats
    brier: Floats
    bin: Labels
    gap: Floats
    n_labels: int

    @cached_property
    def _matrix(self) -> Any:
        """Sparse, float64 [k² + BINS + 2, n]: four numbers a text."""
        from scipy.sparse import csr_array

        n, cells = len(self.cell), self.n_labels**2
        rows = [self.cell, cells + self.bin, np.full(n, cells + BINS), np.full(n, cells + BINS + 1)]
        values = np.concatenate([np.ones(n), self.gap, self.log_loss, self.brier])
        places = np.concatenate(rows), np.tile(np.arange(n), 4)
        return csr_array((values, places), shape=(cells + BINS + 2, n))

    def sums(self, weights: Floats) -> Floats:
        """Confusion cells, gap by bin, log loss, Brier: float64 [resamples, k² + BINS + 2].

        `weights` [n, resamples] say how often each text counts.
        """
        sums: Floats = (self._matrix @ weights).T
        return sums

    def scores(self, sums: Floats) -> dict[str, Floats]:
        """The scores of each row of sums, each [resamples]."""
        return scores_of(sums, self.n_labels, len(self.cell))


def terms_of(labels: Labels, probabilities: Probabilities) -> Terms:
    """Those of predictions float32 [n, k] against `labels` int64 [n]."""
    n, k = probabilities.shape
    p = probabilities.astype(np.float64)
    predicted = p.argmax(axis=1)
    confidence = p.max(axis=1)
    of_true = p[np.arange(n), labels]
    return Terms(
        cell=labels * k + predicted,
        log_loss=-np.log(np.clip(of_true, CLIP, 1)),
        brier=(p**2).sum(axis=1) - 2 * of_true + 1,
        bin=confidence_bins(confidence),
        gap=confidence - (predicted == labels),
        n_labels=k,
    )


def scores_of(sums: Floats, k: int, n: int) -> dict[str, Floats]:
    """The scores of each row of sums [resamples, k² + BINS + 2], each [resamples]."""
    confusion = sums[:, : k * k].reshape(-1, k, k)
    right = np.diagonal(confusion, axis1=1, axis2=2)
    support, predicted = confusion.sum(axis=2), confusion.sum(axis=1)
    return {
        "accuracy": right.sum(axis=1) / n,
        "macro_f1": ratio(2 * right, support + predicted).mean(axis=1),
        "macro_recall": ratio(right, support).mean(axis=1),
        "log_loss": sums[:, -2] / n,
        "brier": sums[:, -1] / n,
        "ece": np.abs(sums[:, k * k : -2]).sum(axis=1) / n,
    }


def _checked(labels: Labels, probabilities: Any, label_names: Sequence[str]) -> tuple[Labels, Probabilities]:
    labels = np.asarray(labels)
    if labels.ndim == 2:
        return _checked_sets(labels, probabilities, label_names)
    if labels.ndim != 1 or not len(labels) or not np.issubdtype(labels.dtype, np.integer):
        raise BenchError(f"labels must be integers [n] with n > 0, not {labels.dtype} {labels.shape}")
    if len(label_names) < 2:
        raise BenchError(f"a data set needs at least 2 labels to be scored, not {len(label_names)}")
    if labels.min() < 0 or labels.max() >= len(label_names):
        raise BenchError(
            f"labels run from {labels.min()} to {labels.max()}, outside the {len(label_names)} label names"
        )
    return labels.astype(np.int64), check_probabilities(probabilities, len(labels), len(label_names))


def _checked_sets(labels: Labels, probabilities: Any, label_names: Sequence[str]) -> tuple[Labels, Probabilities]:
    n, k = labels.shape
    if not n or k != len(label_names) or not np.isin(labels, (0, 1)).all():
        raise BenchError(f"labels of several a text must be 0 or 1 [n, {len(label_names)}], not {labels.dtype} {n, k}")
    return labels.astype(np.int64), check_probabilities(probabilities, n, k, sums_to_one=False)


def _terms(labels: Labels, probabilities: Probabilities, thresholds: Sequence[float] | None) -> Terms | SetTerms:
    if labels.ndim == 1:
        return terms_of(labels, probabilities)
    if thresholds is None or len(thresholds) != labels.shape[1]:
        raise BenchError(f"{labels.shape[1]} labels need a threshold each, not {len(thresholds or ())}")
    return SetTerms(labels, predicted_labels(probabilities, thresholds), probabilities.astype(np.float64))


def resamples(n: int, count: int) -> Iterator[Counts]:
    """How often each of `n` texts is drawn in each of `count` resamples, in blocks uint8 [n, some of them]."""
    yield from _kept_resamples(n, count) if n * count <= KEPT else _drawn(n, count)


@lru_cache(maxsize=6)
def _kept_resamples(n: int, count: int) -> list[Counts]:
    return list(_drawn(n, count))


def _drawn(n: int, count: int) -> Iterator[Counts]:
    random, width = np.random.default_rng(SEED), max(1, AT_ONCE // n)
    for first in range(0, count, width):
        draws = (random.integers(0, n, n, dtype=np.int32) for _ in range(first, min(first + width, count)))
        # A text is drawn once on average; 256 times is beyond all chance.
        yield np.stack([np.bincount(draw, minlength=n).astype(np.uint8) for draw in draws], axis=1)


def score(
    labels: Labels,
    probabilities: Probabilities,
    label_names: Sequence[str],
    n_bootstrap: int = 1000,
    thresholds: Sequence[float] | None = None,
) -> Quality:
    """All scores of test predictions, with 95 % percentile bootstrap intervals over texts (Efron 1979).

    `labels` int64 [n] index `label_names`; `probabilities` float32 [n, k]. A tie goes to the first label. Labels absent
    from the test count with a score of 0 in macro averages. Texts of several labels have 0 or 1 in int64 [n, k], and
    get the labels that reach their `thresholds`. Memory grows with n, not with n × `n_bootstrap`.
    """
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    labels, probabilities = _checked(labels, probabilities, label_names)
    n, k = probabilities.shape
    terms = _terms(labels, probabilities, thresholds)
    points = terms.scores(terms.sums(np.ones((n, 1))))
    sums = [terms.sums(block.astype(np.float64)) for block in resamples(n, n_bootstrap)]
    resampled = terms.scores(np.concatenate(sums))
    intervals = {}
    for name, values in resampled.items():
        low, high = np.percentile(values, [2.5, 97.5])
        intervals[name] = Interval(value=float(points[name][0]), low=float(low), high=float(high))
    predicted, each = predicted_labels(probabilities, thresholds), np.arange(k)
    table = precision_recall_fscore_support(labels, predicted, labels=each, zero_division=0)
    single = labels.ndim == 1
    sets = {} if single else {name: intervals.pop(name) for name in ("micro_f1", "hamming_loss")}
    return Quality(
        **intervals,
        per_class=[
            PerClass(label=name, precision=float(p), recall=float(r), f1=float(f), support=int(s))
            for name, p, r, f, s in zip(label_names, *table, strict=True)
        ],
        confusion=confusion_matrix(labels, predicted, labels=each).tolist() if single else [],
        multi_label=None if single else MultiLabel(**sets, thresholds=list(thresholds or ())),
        n=n,
        bootstrap=n_bootstrap,
    )


def epoch_scores(logits: npt.NDArray[np.floating[Any]], labels: Labels) -> dict[str, float]:
    """Logits [n, k] against labels int64 [n]: `loss` (cross-entropy in nats), `accuracy`, `macro_f1`, `macro_recall`.

    By the same definitions as `score`: what a training watches after each epoch is what it is judged by. Of several
    labels a text, 0 or 1 in int64 [n, k], each has a probability by itself, and the thresholds that fit these texts.
    """
    if labels.ndim == 2:
        return _epoch_scores_of_sets(logits, labels)
    n, k = logits.shape
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    losses = np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(n), labels]
    points = scores_of(terms_of(labels, softmax(shifted)).sums(np.ones((n, 1))), k, n)
    kept = ("accuracy", "macro_f1", "macro_recall")
    return {"loss": float(losses.mean())} | {name: float(points[name][0]) for name in kept}


def _epoch_scores_of_sets(logits: npt.NDArray[np.floating[Any]], labels: Labels) -> dict[str, float]:
    probabilities = sigmoid(logits)
    losses = np.logaddexp(0, logits.astype(np.float64)) - labels * logits
    found = validation_scores(labels, probabilities, [""] * labels.shape[1], fit_thresholds(labels, probabilities))
    kept = {"accuracy": found.accuracy, "macro_f1": found.macro_f1, "macro_recall": found.macro_recall}
    return {"loss": float(losses.mean())} | kept


def validation_scores(
    labels: Labels,
    probabilities: Probabilities,
    label_names: Sequence[str],
    thresholds: Sequence[float] | None = None,
) -> Validation:
    """Point scores of validation predictions, by the same definitions as `score`."""
    labels, probabilities = _checked(labels, probabilities, label_names)
    n, terms = len(labels), _terms(labels, probabilities, thresholds)
    points = terms.scores(terms.sums(np.ones((n, 1))))
    kept = ("accuracy", "macro_f1", "macro_recall", "log_loss")
    return Validation(n=n, **{name: float(points[name][0]) for name in kept})
