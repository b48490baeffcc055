"""A real, quick recipe of texts with several labels: how often a text with a word has a label, in numpy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.api import STANDALONE, Params, Predictor, Probabilities, Recipe, RunContext, Split, Training


class _Words(Predictor):
    runtime = "numpy"

    def __init__(self, shares: dict[str, list[float]], prior: list[float]) -> None:
        self.shares, self.prior = shares, prior
        self.parameters = self.nonzero_parameters = (len(shares) + 1) * len(prior)

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        found = [[self.shares[word] for word in text.split() if word in self.shares] for text in texts]
        rows = [np.max([self.prior, *some], axis=0) for some in found]
        return np.asarray(rows, np.float32).reshape(len(texts), len(self.prior))


class SingleWords(Recipe):
    """The largest share of a label among texts with a word of the text (tests)."""

    name, framework, requires = "single_words", "numpy", ("numpy",)
    defaults = {"least": 3}
    multi_label = True
    deterministic = True

    def fit(
        self,
        train: Split,
        validation: Split,
        params: Params,
        seed: int,
        out_dir: Path,
        context: RunContext = STANDALONE,
    ) -> Training:
        rows: dict[str, list[int]] = {}
        for i, text in enumerate(train.texts):
            for word in set(text.split()):
                rows.setdefault(word, []).append(i)
        labels = train.labels if train.multi_label else np.eye(len(train.label_names), dtype=np.int64)[train.labels]
        kept = {word: labels[at].mean(axis=0).tolist() for word, at in rows.items() if len(at) >= params["least"]}
        (out_dir / "words.json").write_text(json.dumps([kept, (labels.mean(axis=0) / 2).tolist()]))
        return Training()

    def load(self, artifact_dir: Path) -> Predictor:
        return _Words(*json.loads((artifact_dir / "words.json").read_text()))
