"""The validation predictions that a stream is compared with: given, stored, or made once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.api import BenchError, DataError, Probabilities, kept_arrays
from bench.store import Store
from serving.model import Model
from serving.scored import output_format
from serving.stream.drift import MIN_TEXTS, Reference

MAX_TEXTS = 5_000
"""Validation texts that are predicted where no predictions are stored."""


def find_reference(model: Model, store: Store, scored: Path | None, cache: Path) -> Reference:
    """`scored` (what `serving predict` wrote), else what store or data set has; a `BenchError` if there is none."""
    origin = "validation"
    if scored is not None:
        probabilities, origin = _scored(scored, model.labels), scored.name
    elif (stored := _stored(model, store)) is not None:
        probabilities = stored
    else:
        probabilities = _predicted(model, store, cache)
    if len(probabilities) < MIN_TEXTS:
        raise BenchError(f"the reference has {len(probabilities)} texts, fewer than {MIN_TEXTS}")
    return Reference.of(probabilities, f"{len(probabilities):,} texts of {origin}")


def _scored(path: Path, labels: list[str]) -> Probabilities:
    import pandas as pd

    readers: dict[str, Callable[[Path], pd.DataFrame]] = {
        "parquet": pd.read_parquet, "csv": pd.read_csv, "jsonl": lambda path: pd.read_json(path, lines=True),
    }  # fmt: skip
    kind = output_format(path, None)
    try:
        frame = readers[kind](path)
        return np.asarray(frame[[f"p_{label}" for label in labels]].dropna().to_numpy(), np.float32)
    except KeyError as error:
        raise BenchError(f"{path}: no {error} in it: give what `serving predict` wrote with this model") from None
    except (OSError, ValueError) as error:
        raise BenchError(f"{path}: cannot be read: {str(error).splitlines()[0]}") from None


def _stored(model: Model, store: Store) -> Probabilities | None:
    """Of a run that left this artifact; None where the store has none with validation predictions."""
    for result in store.read_all():
        if result.identity.artifact != model.hash:
            continue
        if result.data.refit:
            raise BenchError("the model was refitted on its validation texts")
        probabilities = store.arrays(result.run_id, "predictions").get("validation_probabilities")
        if probabilities is not None and len(probabilities):
            return np.asarray(probabilities, np.float32)
    return None


def _predicted(model: Model, store: Store, cache: Path) -> Probabilities:
    """Of the validation texts of the model's data set, evenly chosen, stored in `cache` by the model's hash."""

    def predict() -> dict[str, Probabilities]:
        return {"probabilities": model.predictor.predict_proba(_validation_texts(model, store))}

    path = cache / f"reference-{model.hash}.npz"
    return np.asarray(kept_arrays(path, predict)["probabilities"], np.float32)


def _validation_texts(model: Model, store: Store) -> list[str]:
    from bench.data import find_prepared, load, stored_ref

    card = model.card
    try:
        ref = stored_ref(card["dataset"], card.get("train_hash"), card.get("test_hash"), store.prepared, None)
        ready = find_prepared(ref, store.prepared)
        validation = load(ref).validation if ready is None else ready.validation()
    except DataError as error:
        raise BenchError(str(error)) from None
    if list(validation.label_names) != model.labels:
        raise BenchError(f"{ref.name} has other labels than the model")
    texts = validation.texts
    return [texts[i] for i in np.linspace(0, len(texts) - 1, min(MAX_TEXTS, len(texts))).astype(int)]
