"""The application: predictions, words explained, the model's card, health, metrics."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import numpy as np
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from fastapi.telemetry import TelemetryConfig
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from bench.api import Probabilities
from serving.following import Following, Swap
from serving.http.batcher import Batcher, BusyError
from serving.http.feedback import add_feedback
from serving.http.gate import Gate
from serving.http.metrics import Metrics
from serving.http.pages import add_pages
from serving.http.predictions import Prediction
from serving.http.rates import Rates
from serving.http.refusals import GATE, TEXTS, AsciiResponse, Refused, add_refusals, json_only, refusals
from serving.http.sagemaker import add_sagemaker
from serving.http.settings import Settings
from serving.learn.feedback import Feedback
from serving.model import Model, Scored

OFF: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}
"""FastAPI's own telemetry; `/metrics` tells more, and nothing is sent anywhere."""
PART = 16
"""Texts of a batch that go through the network together: fewer cost more calls, more of them cost padding."""
MAX_WORDS = 64
"""The first words of a text: those that are left out in turn to explain it."""
MAX_EXPLAINED = 10_000
"""Characters of a text that is explained: it goes through the model once a word."""


class AskedOne(BaseModel):
    """One text."""

    model_config = ConfigDict(extra="forbid")
    text: str = Field(json_schema_extra={"maxLength": MAX_EXPLAINED}, examples=["what a lovely day"])

    @field_validator("text")
    @classmethod
    def _bounded(cls, text: str) -> str:
        # pydantic's own `max_length` takes no lone surrogates
        if len(text) > MAX_EXPLAINED:
            raise ValueError(f"{len(text):,} characters; {MAX_EXPLAINED:,} are allowed")
        return text


class Asked(BaseModel):
    """One text, or many."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"oneOf": [{"required": ["text"]}, {"required": ["texts"]}]}
    )
    text: str = Field("", examples=["what a lovely day"])
    texts: list[str] = Field([], examples=[["what a lovely day", "not so good"]])

    @model_validator(mode="after")
    def _one_of_them(self) -> Asked:
        if len(self.model_fields_set) != 1:
            raise ValueError("give text, or texts")
        return self

    @property
    def all(self) -> list[str]:
        """The texts."""
        return self.texts if "texts" in self.model_fields_set else [self.text]


class Predictions(BaseModel):
    """In the order of the texts."""

    model: str = Field(description="The first digits of the artifact's hash.")
    predictions: list[Prediction]


class Word(BaseModel):
    """A word and what it does."""

    word: str
    effect: float = Field(description="By how much the probability of the label falls when the word is left out.")


class Explanation(BaseModel):
    """A prediction, and what each word did for it."""

    prediction: Prediction
    words: list[Word]


class Service:
    """A model, or the one that a slot names, with its batcher and counters."""

    def __init__(self, following: Following, settings: Settings) -> None:
        self.following, self.settings, self.metrics = following, settings, Metrics()
        self.rates = Rates(settings.rate_per_s, settings.burst)
        self.labels = following.current().labels
        self.batcher = Batcher(self._score, settings, self.metrics.batches.observe)
        self.ready = False
        self.metrics.model.labels(self.model.hash[:12]).set(1)
        following.watch(self._swapped)

    @property
    def model(self) -> Model:
        """The one that answers now."""
        return self.following.current()

    def _score(self, texts: Sequence[str]) -> Scored:
        """A batch, by one model: texts of like length go through it together, so that little of it is padding."""
        model, found = self.model, np.zeros((len(texts), len(self.labels)), np.float32)
        order = np.argsort([len(text) for text in texts], kind="stable")
        for start in range(0, len(order), PART):
            part = order[start : start + PART]
            found[part] = model.score([texts[i] for i in part]).probabilities
        return Scored(model, found)

    def _count(self, probabilities: Probabilities) -> None:
        counts = np.bincount(probabilities.argmax(axis=1), minlength=len(self.labels))
        for label, count in zip(self.labels, counts.tolist(), strict=True):
            if count:
                self.metrics.labels.labels(label).inc(count)

    def _swapped(self, swap: Swap) -> None:
        self.metrics.swaps.labels("failed" if swap.problem else "ok").inc()
        if swap.problem is None:
            self.metrics.model.clear()
            self.metrics.model.labels(swap.version[:12]).set(1)
        line = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "model": swap.version[:12]}
        print(json.dumps(line | {"problem": swap.problem}), file=sys.stderr)

    async def predict(self, request: Request, texts: Sequence[str], aside: bool = False) -> Scored:
        """What one model says of the texts, `aside` if no other request is to wait for it.

        Too many of them and a full queue are HTTP errors.
        """
        if len(texts) > self.settings.max_texts:
            raise HTTPException(413, f"{len(texts):,} texts; {self.settings.max_texts:,} are allowed")
        request.state.texts = len(texts)
        self.rates.take(request.client.host if request.client else "", len(texts) - 1)  # the gate took one
        if not texts:
            return Scored(self.model, np.zeros((0, len(self.labels)), np.float32))
        try:
            found = await self.batcher([_encodable(text) for text in texts], aside)
        except BusyError as error:
            raise HTTPException(503, str(error), {"retry-after": "1"}) from None
        self._count(found.probabilities)
        return found

    def predictions(self, probabilities: Probabilities) -> list[dict[str, Any]]:
        """One `Prediction` a text, as plain data."""
        labels, rows = self.labels, probabilities.astype(float).tolist()
        best = probabilities.argmax(axis=1).tolist() if len(rows) else []
        return [
            {"label": labels[i], "probability": row[i], "probabilities": dict(zip(labels, row, strict=True))}
            for i, row in zip(best, rows, strict=True)
        ]

    @asynccontextmanager
    async def running(self, app: FastAPI) -> AsyncIterator[None]:
        """Warm up, answer until the server stops, then answer what waits."""
        await self.batcher.start()
        await self.batcher(["warm", "up"])
        gc.collect()
        gc.freeze()  # a full collection would go through the frameworks' million objects, and stop the server for 0.2 s
        self.ready = True
        yield
        self.ready = False
        await self.batcher.stop()
        self.following.close()


def _encodable(text: str) -> str:
    """JSON escapes can make lone surrogates, on which tokenizers fail, and all texts of the batch with them."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def create_app(following: Following, settings: Settings, feedback: Feedback | None = None) -> Gate:
    """The ASGI application of a loaded artifact, or of a slot; labels come back to it where `feedback` keeps them."""
    service = Service(following, settings)
    app = FastAPI(
        title="Sentibench", version=service.model.hash[:12], lifespan=service.running, docs_url=None, redoc_url=None,
        redirect_slashes=False, telemetry=OFF,
    )  # fmt: skip
    add_refusals(app)
    _add_predictions(app, service)
    _add_about(app, service)
    add_pages(app)
    add_sagemaker(app, service)
    if feedback is not None:
        add_feedback(app, service, feedback)
    return Gate(app, settings, service.metrics, service.rates)


def _add_predictions(app: FastAPI, service: Service) -> None:
    given: dict[str, Any] = {"dependencies": [Depends(json_only)], "responses": refusals(*TEXTS)}

    @app.post("/predict", response_model=Predictions, **given)
    async def predict(asked: Asked, request: Request) -> Response:
        """The label and the probabilities of one text, or of many."""
        found = await service.predict(request, asked.all)
        return JSONResponse({"model": found.model.hash[:12], "predictions": service.predictions(found.probabilities)})

    @app.post("/explain", response_model=Explanation, **given)
    async def explain(asked: AskedOne, request: Request) -> Response:
        """What each word did: how far the label's probability falls when the word is left out."""
        words = asked.text.split()[:MAX_WORDS]
        without = [" ".join(words[:i] + words[i + 1 :]) for i in range(len(words))]
        found = (await service.predict(request, [asked.text, " ".join(words), *without], aside=True)).probabilities
        (prediction,) = service.predictions(found[:1])
        label = int(found[0].argmax())
        effects = (found[1, label] - found[2:, label]).astype(float).tolist()
        told = [{"word": word, "effect": effect} for word, effect in zip(words, effects, strict=True)]
        return AsciiResponse({"prediction": prediction, "words": told})


def _add_about(app: FastAPI, service: Service) -> None:
    @app.get("/healthz", responses={503: {"model": Refused, "description": "Starting or stopping"}})
    async def healthz() -> dict[str, str]:
        """Whether the model answers."""
        if not service.ready:
            raise HTTPException(503, "not ready")
        return {"status": "ok"}

    @app.get("/metrics", response_class=Response)
    async def metrics() -> Response:
        """For Prometheus."""
        service.metrics.queued.set(service.batcher.queued)
        return Response(generate_latest(service.metrics.registry), media_type=CONTENT_TYPE_LATEST)

    @app.get("/model", responses=refusals(*GATE))
    async def card() -> dict[str, Any]:
        """What the artifact says of itself."""
        model = service.model
        told = {"hash": model.hash, "runtime": model.predictor.runtime, "parameters": model.predictor.parameters}
        return model.card | told
