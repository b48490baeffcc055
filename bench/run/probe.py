"""The clauses of the recipe contract that need a loaded predictor, tested inside a worker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bench.contract import Predictor
from bench.data import Prepared
from bench.errors import one_line
from bench.registry import load_artifact
from bench.run.job import Probed, ProbeJob

TOLERANCE = 1e-4
"""Batches of other sizes may sum floats in another order."""

ODD_TEXTS = [
    "",
    " ",
    "😀😡❤️",
    "שלום مرحبا",
    "\x00\x07\x1b",
    "a" * 1_000_000,
    "<br /><br />",
    "no\r\r\nway",
    "\ud83d\ude00",
]


def probe(job: ProbeJob) -> Probed:
    """Each clause with what was wrong, None when it holds."""
    prepared = Prepared.open(job.prepared)
    predictor = load_artifact(job.artifact)
    texts = prepared.test_texts()[1][:64]
    labels = len(prepared.label_names)
    return Probed(clauses={clause: _problem(test, predictor, texts, labels) for clause, test in _CLAUSES})


def _problem(test: Callable[..., None], predictor: Predictor, texts: list[str], n_labels: int) -> str | None:
    try:
        test(predictor, texts, n_labels)
    except Exception as error:
        return one_line(error, 300)
    return None


def _probabilities(predictor: Predictor, texts: list[str], n_labels: int) -> None:
    proba = predictor.predict_proba(texts)
    assert proba.dtype == np.float32, f"dtype is {proba.dtype}; float32 is due"
    assert proba.shape == (len(texts), n_labels), f"shape is {proba.shape}; {(len(texts), n_labels)} is due"
    assert np.isfinite(proba).all(), "some are not finite"
    assert (proba >= 0).all() and np.allclose(proba.sum(axis=1), 1, atol=1e-3), "rows are no probabilities"


def _order_is_free(predictor: Predictor, texts: list[str], n_labels: int) -> None:
    together = predictor.predict_proba(texts)
    apart = np.concatenate([predictor.predict_proba([text]) for text in reversed(texts)])[::-1]
    worst = float(np.abs(together - apart).max())
    assert worst <= TOLERANCE, f"one at a time and together differ by up to {worst:.2g}"


def _odd_texts(predictor: Predictor, texts: list[str], n_labels: int) -> None:
    _probabilities(predictor, ODD_TEXTS, n_labels)
    assert predictor.predict_proba([]).shape == (0, n_labels), f"no texts must give an array [0, {n_labels}]"


def _has_properties(predictor: Predictor, texts: list[str], n_labels: int) -> None:
    assert predictor.parameters >= predictor.nonzero_parameters >= 0, "parameters < nonzero_parameters"
    assert predictor.runtime and predictor.dtype and predictor.device, "runtime, dtype or device is empty"


def _stages_compose(predictor: Predictor, texts: list[str], n_labels: int) -> None:
    value: Any = texts
    stages = predictor.stages()
    for stage in stages.values():
        value = stage(value)
    if stages:
        assert np.allclose(value, predictor.predict_proba(texts), atol=TOLERANCE), (
            "stages in turn give other probabilities"
        )


_CLAUSES: list[tuple[str, Callable[[Predictor, list[str], int], None]]] = [
    ("probabilities are float32 [n_texts, n_labels], rows sum to 1", _probabilities),
    ("a text's answer does not depend on its batch", _order_is_free),
    ("empty, huge, emoji, control and right-to-left texts, and none at all, are answered", _odd_texts),
    ("has its parameters, runtime, dtype and device", _has_properties),
    ("its stages in turn are its prediction", _stages_compose),
]
