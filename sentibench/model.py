"""A trained classifier in Python."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bench.contract import Probabilities
from bench.stores import open_store
from serving import model as serving_model
from serving.answering import PLAIN
from serving.trust import Trust

STORE = Path(".sentibench")


def load(name: str | Path, store: str | Path = STORE, allow_code: bool = False) -> Model:
    """A classifier by its run or the hash of its artifact in `store`, or by its folder (a path with a separator).

    The files are checked against their hash. Raises `bench.errors.BenchError`, in one line, for one that is not there,
    altered or newer than this software, where a package is missing, and for compiled code that was not made in this
    store, unless `allow_code`.
    """
    return Model(serving_model.open_model(str(name), Trust(open_store(store), allow_code)))


class Model:
    """Text in, labels or probabilities out; normalization and tokenization included."""

    def __init__(self, opened: serving_model.Model) -> None:
        self._opened = opened
        self.labels: list[str] = opened.labels
        """In the order of the columns of `predict_proba`."""

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        """Float32 [n_texts, n_labels], rows summing to 1; of several labels a text, of each label by itself."""
        return self._opened.score(_listed(texts)).probabilities

    def predict(self, texts: Sequence[str]) -> npt.NDArray[Any]:
        """The most probable label of each text, as text, [n_texts]; of several labels a text a list of all of them."""
        return self._decided(self.predict_proba(texts))

    def table(self, texts: Sequence[str]) -> pd.DataFrame:
        """A row a text: `text`, `label` as of `predict`, and the probability of each label."""
        probabilities = self.predict_proba(texts)
        columns = {label: probabilities[:, i] for i, label in enumerate(self.labels)}
        return pd.DataFrame({"text": _listed(texts), "label": self._decided(probabilities)} | columns)

    def _decided(self, probabilities: Probabilities) -> npt.NDArray[Any]:
        answering = PLAIN.by(self._opened.card)
        if not answering.thresholds:
            return np.asarray(np.take(self.labels, probabilities.argmax(axis=1)))
        found = np.empty(len(probabilities), object)
        for i, (labels,) in enumerate(answering.values(None, probabilities, self.labels)):
            found[i] = labels
        return found

    def _facts(self) -> dict[str, str]:
        card, predictor = self._opened.card, self._opened.predictor
        return {
            "recipe": card["recipe"],
            "trained on": card["dataset"],
            "labels": ", ".join(self.labels),
            "runtime": f"{predictor.runtime}, {predictor.dtype}",
            "parameters": f"{predictor.parameters:,}",
            "artifact": self._opened.hash[:12],
        }

    def __repr__(self) -> str:
        return f"sentibench.Model({', '.join(f'{name}: {value}' for name, value in self._facts().items())})"

    def _repr_html_(self) -> str:
        rows = (f"<tr><th>{name}</th><td>{html.escape(value)}</td></tr>" for name, value in self._facts().items())
        return f"<table>{''.join(rows)}</table>"


def _listed(texts: Sequence[str]) -> list[str]:
    """A list; one text alone would be read as its characters."""
    if isinstance(texts, str):
        raise TypeError("texts: give a list of texts, not one text")
    return [str(text) for text in texts]
