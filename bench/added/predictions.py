"""Predictions made elsewhere as a run of the board: scored by the harness, without artifact, size or times."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.added.match import Matched, Rows
from bench.added.several import SeveralLabels
from bench.added.table import Columns, Kind, OneLabel, read_predictions
from bench.arrays import Arrays
from bench.clock import utc_now
from bench.data import DatasetRef, Prepared
from bench.data.manifest import is_multi_label
from bench.data.user_file import file_revision
from bench.errors import BenchError
from bench.git import git_state
from bench.identity import ELSEWHERE, slug
from bench.machine import environment
from bench.measure.quality import score, validation_scores
from bench.registry import recipe_files
from bench.run.datasets import data_facts, prepared_dataset
from bench.run.keys import digest
from bench.schema import Identity, Outcome, Result, TrainingLog
from bench.store import Store
from bench.thresholds import UNFITTED, thresholds_for

NAME = re.compile(r"\w[\w.:+-]{0,59}")


@dataclass(frozen=True)
class Elsewhere:
    """A file of predictions and what is said of it."""

    file: Path
    name: str
    """What its line on the board is called."""
    columns: Columns
    stated_times: str | None = None
    """Times, with their source: they are told, and never stand among those that were measured."""


def add_predictions(elsewhere: Elsewhere, ref: DatasetRef, store: Store) -> Result:
    """Score a file of predictions of a data set's test split, of validation too where it has that, and store the run.

    Raises `BenchError` for a file that lacks a row of test, has other labels or texts, or cannot be read.
    """
    check_name(elsewhere.name)
    revision = file_revision(elsewhere.file)
    with store.lock():
        prepared = prepared_dataset(ref, store)
        told = read_predictions(elsewhere.file, elsewhere.columns, prepared.label_names, _reader(prepared))
        arrays = _arrays(Matched(told, _splits(prepared), str(elsewhere.file)), prepared)
        result = _result(elsewhere, prepared, arrays, revision, told.graded)
        store.put(result, arrays)
    return result


def _reader(prepared: Prepared) -> Kind:
    """What reads labels as the data set has them."""
    if not is_multi_label(prepared.meta.notes):
        return OneLabel
    reading = prepared.meta.reading
    return partial(SeveralLabels, separator=reading.label_separator if reading else None)


def check_name(name: str) -> None:
    """A `BenchError` for a name that could not be told from a recipe's, or written on a command line."""
    if not NAME.fullmatch(name):
        raise BenchError(f"--name '{name}': letters, digits and . : + - _ make a name, 60 of them at most")
    if name in recipe_files():
        raise BenchError(f"--name {name} is a recipe's: choose another")


def _splits(prepared: Prepared) -> tuple[Rows, Rows]:
    validation = prepared.validation()
    return Rows("test", *prepared.test_texts()), Rows("validation", validation.ids, validation.texts)


def _arrays(matched: Matched, prepared: Prepared) -> dict[str, npt.NDArray[Any]]:
    """What `predictions.npz` holds: test, and validation where every row of it is predicted."""
    test, validation = _splits(prepared)
    arrays: dict[str, npt.NDArray[Any]] = {
        "ids": np.asarray(test.ids), "probabilities": matched.of(test), "labels": prepared.test().labels
    }  # fmt: skip
    if not matched.has_all(validation):
        return arrays
    known: dict[str, npt.NDArray[Any]] = {
        "validation_labels": prepared.validation().labels,
        "validation_probabilities": matched.of(validation),
    }
    return arrays | known


def _result(elsewhere: Elsewhere, prepared: Prepared, arrays: Arrays, revision: str, graded: bool) -> Result:
    names = prepared.label_names
    parts = {"name": elsewhere.name, "predictions": revision, "data": prepared.train_hash[:16]}
    key = digest(parts)
    commit, dirty = git_state()
    validation, thresholds = None, _thresholds(arrays)
    if "validation_labels" in arrays:
        held = arrays["validation_labels"], arrays["validation_probabilities"]
        validation = validation_scores(*held, names, thresholds)
    return Result(
        run_id=f"{slug(elsewhere.name)}-{slug(prepared.name)}-s0-{digest([key, prepared.test_hash])[:10]}",
        identity=Identity(
            track=ELSEWHERE, recipe=elsewhere.name, variant="", framework="not known", params={}, seed=0,
            artifact_key=key, key_parts=parts, source_hash=revision, git_commit=commit, dirty=dirty,
        ),
        data=data_facts(prepared, "not known"),
        outcome=Outcome(status="ok", started_at=utc_now()),
        environment=environment(["numpy"], {}),
        training=TrainingLog(warnings=_warnings(elsewhere, graded, validation is not None)),
        quality=score(arrays["labels"], arrays["probabilities"], names, thresholds=thresholds),
        validation=validation,
    )  # fmt: skip


def _thresholds(arrays: Arrays) -> list[float] | None:
    """Of several labels a text, fitted on validation, where that is predicted."""
    if arrays["labels"].ndim == 1:
        return None
    if "validation_labels" not in arrays:
        return [UNFITTED] * arrays["labels"].shape[1]
    return thresholds_for(arrays["validation_labels"], arrays["validation_probabilities"])


def _warnings(elsewhere: Elsewhere, graded: bool, validated: bool) -> list[str]:
    """What a reader of the row must know."""
    found = ["predictions made elsewhere: what they were made with, and whether it has seen these texts, is not known"]
    if elsewhere.stated_times is not None:
        found.append(f"times as stated, not measured here: {elsewhere.stated_times}")
    if not graded:
        found.append("labels without probabilities: log loss, Brier score and calibration say nothing of them")
    if not validated:
        found.append("no predictions of validation: nothing that is chosen on validation can choose it")
    return found
