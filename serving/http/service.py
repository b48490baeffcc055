"""A model behind HTTP: texts in batches through it, counted; the next version takes its place between two batches."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from fastapi import HTTPException, Request

from bench.data.label_sets import label_counts
from bench.thresholds import predicted_labels
from serving.http.batcher import Batcher, BusyError
from serving.http.metrics import Metrics
from serving.http.predictions import Prediction
from serving.http.rates import Rates
from serving.http.settings import Settings
from serving.live_model import LiveModel, Swap
from serving.model import Model, Scored

PART = 16
"""Texts of a batch that go through the network together: fewer cost more calls, more of them cost padding."""


class Service:
    """A model, or the one that a slot names, with its batcher."""

    def __init__(self, name: str, live: LiveModel, settings: Settings, metrics: Metrics, rates: Rates) -> None:
        """`name` stays when a slot's next version takes over; counters and rates are the server's."""
        self.name, self.live, self.settings, self.metrics, self.rates = name, live, settings, metrics, rates
        self.labels = live.current().labels
        self.batcher = Batcher(self._score, settings, metrics.batches.labels(name).observe)
        self.ready = False
        metrics.queued.labels(name).set_function(lambda: self.batcher.queued)
        metrics.model.labels(name, self.model.hash[:12]).set(1)
        live.on_swap(self._swapped)

    @property
    def model(self) -> Model:
        """The one that answers now."""
        return self.live.current()

    def _score(self, texts: Sequence[str]) -> Scored:
        """A batch, by one model: texts of like length go through it together, so that little of it is padding."""
        model, probabilities = self.model, np.zeros((len(texts), len(self.labels)), np.float32)
        order = np.argsort([len(text) for text in texts], kind="stable")
        for start in range(0, len(order), PART):
            part = order[start : start + PART]
            probabilities[part] = model.score([texts[i] for i in part]).probabilities
        return Scored(model, probabilities)

    def _swapped(self, swap: Swap) -> None:
        self.metrics.swaps.labels(self.name, "failed" if swap.problem else "ok").inc()
        if swap.problem is None:
            self.metrics.model.remove_by_labels({"name": self.name})
            self.metrics.model.labels(self.name, swap.version[:12]).set(1)
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"time": time, "name": self.name, "model": swap.version[:12]}
        print(json.dumps(line | {"problem": swap.problem}), file=sys.stderr)

    async def predict(self, request: Request, texts: Sequence[str], low_priority: bool = False) -> Scored:
        """The predictions of one model on the texts; `low_priority`: after other requests.

        Too many of them and a full queue are HTTP errors.
        """
        if len(texts) > self.settings.max_texts:
            raise HTTPException(413, f"{len(texts):,} texts; {self.settings.max_texts:,} are allowed")
        request.state.texts = len(texts)
        self.rates.take(request.client.host if request.client else "", len(texts) - 1)  # the middleware took one
        if not texts:
            return Scored(self.model, np.zeros((0, len(self.labels)), np.float32))
        try:
            scored = await self.batcher([_encodable(text) for text in texts], low_priority)
        except BusyError as error:
            raise HTTPException(503, str(error), {"retry-after": "1"}) from None
        found = predicted_labels(scored.probabilities, scored.model.card.get("thresholds"))
        counts = label_counts(found, len(self.labels))
        for i in counts.nonzero()[0]:
            self.metrics.labels.labels(self.name, self.labels[i]).inc(int(counts[i]))
        return scored

    def predictions(self, scored: Scored) -> list[Prediction]:
        """One a text."""
        labels, probabilities = self.labels, scored.probabilities
        rows = probabilities.astype(float).tolist()
        best = probabilities.argmax(axis=1).tolist() if len(rows) else []
        answering = self.settings.answering.by(scored.model.card)
        further = answering.values(scored.model.confidence, probabilities, labels)
        predictions: list[Prediction] = []
        for i, row, more in zip(best, rows, further, strict=True):
            prediction: Prediction = {
                "label": labels[i], "probability": row[i], "probabilities": dict(zip(labels, row, strict=True)),
            }  # fmt: skip
            for name, value in zip(answering.names, more, strict=True):
                prediction[name] = value  # type: ignore[literal-required]
            predictions.append(prediction)
        return predictions

    async def start(self) -> None:
        """Begin to answer, and warm up."""
        await self.batcher.start()
        await self.batcher(["warm", "up"])

    async def stop(self) -> None:
        """Answer what waits, then end."""
        self.ready = False
        await self.batcher.stop()
        self.live.close()


def _encodable(text: str) -> str:
    """JSON escapes can make lone surrogates, on which tokenizers fail, and all texts of the batch with them."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
