"""The model of this folder: texts in, labels and probabilities out.

It needs the packages of `requirements.txt`. `source/` holds what reads the model, as it was where it was trained.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "source"))
os.environ["SENTIBENCH_RECIPES"] = str(HERE / "source" / "recipes")

from bench.artifact import read_card  # noqa: E402
from bench.registry import load_artifact  # noqa: E402

MAX_TEXTS = 512
"""Texts of a request."""
MALFORMED = 'give {"text": "…"} or {"texts": ["…", …]}'


class Classifier:
    """The loaded model; threads may share it."""

    def __init__(self) -> None:
        self.card = read_card(HERE / "model")
        self.labels = self.card["label_names"]
        self._predictor, self._lock = load_artifact(HERE / "model"), threading.Lock()

    def __call__(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """`label`, `probability` and `probabilities` (by label) of each text.

        Of a model of several labels a text also `labels`, all that it has; `label` is the most probable one.
        """
        clean = [text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for text in texts]
        with self._lock:
            rows = self._predictor.predict_proba(clean).astype(float).tolist() if clean else []
        found = [dict(zip(self.labels, row, strict=True)) for row in rows]
        best = [max(row, key=row.__getitem__) for row in found]
        answers = [
            {"label": label, "probability": row[label], "probabilities": row}
            for label, row in zip(best, found, strict=True)
        ]
        if thresholds := self.card.get("thresholds"):
            least = dict(zip(self.labels, thresholds, strict=True))
            for answer, row in zip(answers, found, strict=True):
                answer["labels"] = [label for label in self.labels if row[label] >= least[label]]
        return answers

    def answer(self, body: Any) -> tuple[int, dict[str, Any]]:
        """Status and JSON of an answer to the JSON of a request."""
        texts = [body["text"]] if isinstance(body, dict) and body.keys() == {"text"} else None
        if texts is None and isinstance(body, dict) and body.keys() == {"texts"}:
            texts = body["texts"]
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            return 422, {"detail": MALFORMED}
        if len(texts) > MAX_TEXTS:
            return 413, {"detail": f"{len(texts):,} texts; {MAX_TEXTS:,} are allowed"}
        return 200, {"predictions": self(texts)}
