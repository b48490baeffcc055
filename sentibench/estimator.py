"""Any recipe as an estimator of scikit-learn."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.preprocessing import LabelEncoder
from sklearn.utils.validation import check_is_fitted

from bench.contract import Compression, Probabilities, Split
from bench.data.duplicates import hash_texts
from bench.data.splits import VALIDATION_FRACTION, split_groups
from bench.errors import BenchError
from bench.params import with_defaults
from bench.registry import load_recipe
from sentibench.model import _listed


class SentimentClassifier(ClassifierMixin, BaseEstimator):
    """A recipe that trains in this process: `fit` on texts and labels, `predict`, `predict_proba`, `score`.

    `recipe` is a name of `bench list recipes`, `params` are its parameters (the rest are its defaults). A tenth of the
    texts is held out to choose the best epoch, no duplicate of a text on both sides. Labels are of any type that
    scikit-learn takes; `classes_` are their order. `clone`, `cross_val_score` and `Pipeline` work.
    """

    def __init__(self, recipe: str = "linear", params: Mapping[str, Any] | None = None, seed: int = 0) -> None:
        self.recipe, self.params, self.seed = recipe, params, seed

    def fit(self, X: Sequence[str], y: Sequence[Any]) -> SentimentClassifier:
        """Train on texts [n] with labels [n]. Raises `BenchError` for an unknown recipe or parameter, or too few."""
        recipe = load_recipe(self.recipe)
        if isinstance(recipe, Compression):
            raise BenchError(f"recipe '{self.recipe}' compresses a trained model, and has nothing to learn from texts")
        texts, encoder = _listed(X), LabelEncoder()
        labels = np.asarray(encoder.fit_transform(y), np.int64)
        if len(labels) != len(texts):
            raise BenchError(f"{len(texts)} texts and {len(labels)} labels; give one label a text")
        train, validation = _split(texts, labels, [str(label) for label in encoder.classes_])
        self._folder = tempfile.TemporaryDirectory(prefix="sentibench-")
        folder = Path(self._folder.name)
        params = with_defaults(recipe, dict(self.params or {}))
        self.training_ = recipe.fit(train, validation, params, self.seed, folder)
        self.classes_, self._predictor = encoder.classes_, recipe.load(folder)
        return self

    def __getstate__(self) -> dict[str, Any]:
        """To be pickled: what was trained goes as the bytes of its files."""
        state = dict(super().__getstate__())
        if folder := state.pop("_folder", None):
            del state["_predictor"]
            root = Path(folder.name)
            state["_files"] = {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """From a pickle, which only you should have made: pickles run code."""
        files: dict[str, bytes] = state.pop("_files", {})
        super().__setstate__(state)
        if files:
            self._folder = tempfile.TemporaryDirectory(prefix="sentibench-")
            for name, content in files.items():
                path = Path(self._folder.name, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            self._predictor = load_recipe(self.recipe).load(Path(self._folder.name))

    def predict_proba(self, X: Sequence[str]) -> Probabilities:
        """Float32 [n_texts, n_classes]."""
        check_is_fitted(self, "classes_")
        return self._predictor.predict_proba(_listed(X))

    def predict(self, X: Sequence[str]) -> npt.NDArray[Any]:
        """The most probable class of each text, [n_texts]."""
        classes: npt.NDArray[Any] = np.take(self.classes_, self.predict_proba(X).argmax(axis=1))
        return classes


def _split(texts: list[str], labels: npt.NDArray[np.int64], names: list[str]) -> tuple[Split, Split]:
    fractions = (1 - VALIDATION_FRACTION, VALIDATION_FRACTION)
    parts = split_groups(hash_texts(texts), labels, fractions, names, "y")
    chosen = [np.flatnonzero(parts == part) for part in (0, 1)]
    train, validation = (
        Split([str(i) for i in rows], [texts[i] for i in rows], labels[rows], tuple(names)) for rows in chosen
    )
    return train, validation
