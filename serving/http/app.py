"""The application: predictions, words explained, the model's card, health, metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from fastapi.telemetry import TelemetryConfig
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from serving.http.feedback import add_feedback
from serving.http.middleware import Middleware
from serving.http.models import Models
from serving.http.open_inference import add_open_inference
from serving.http.pages import add_pages
from serving.http.predictions import Prediction
from serving.http.refusals import GATE, TEXTS, AsciiResponse, Refused, add_refusals, json_only, refusals
from serving.http.sagemaker import add_sagemaker
from serving.http.service import Service
from serving.http.settings import Settings
from serving.learn.feedback import Feedback
from serving.live_model import LiveModel

OFF: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}
"""FastAPI's own telemetry; `/metrics` has more, and nothing is sent anywhere."""
MAX_WORDS = 64
"""The first words of a text: those that are left out in turn to explain it."""
MAX_EXPLAINED = 10_000
"""Characters of a text that is explained: it goes through the model once a word."""


class ExplainRequest(BaseModel):
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


class PredictRequest(BaseModel):
    """One text, or several."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"oneOf": [{"required": ["text"]}, {"required": ["texts"]}]}
    )
    text: str = Field("", examples=["what a lovely day"])
    texts: list[str] = Field([], examples=[["what a lovely day", "not so good"]])

    @model_validator(mode="after")
    def _one_of_them(self) -> PredictRequest:
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
    """A word and its effect."""

    word: str
    effect: float = Field(description="By how much the probability of the label falls when the word is left out.")


class Explanation(BaseModel):
    """A prediction, and the effect of each word on it."""

    prediction: Prediction
    words: list[Word]


def create_app(
    live: Mapping[str, LiveModel], settings: Settings, feedback: Mapping[str, Feedback] | None = None
) -> Middleware:
    """The ASGI application of loaded artifacts and slots by name; the first answers where a request names none.

    Labels come back to those that `feedback` stores them for.
    """
    models = Models(live, settings)
    app = FastAPI(
        title="Sentibench", version=models.first.model.hash[:12], lifespan=models.running, docs_url=None,
        redoc_url=None, redirect_slashes=False, telemetry=OFF,
    )  # fmt: skip
    add_refusals(app)
    _add_predictions(app, models)
    _add_about(app, models)
    add_pages(app)
    add_sagemaker(app, models)
    add_open_inference(app, models)
    if feedback is not None:
        add_feedback(app, models, feedback)
    return Middleware(app, settings, models)


def _add_predictions(app: FastAPI, models: Models) -> None:
    dependencies, responses, chosen = [Depends(json_only)], refusals(*TEXTS, 404), Depends(models.chosen())

    @app.post("/predict", response_model=Predictions, dependencies=dependencies, responses=responses)
    async def predict(body: PredictRequest, request: Request, service: Service = chosen) -> Response:
        """The label and the probabilities of one text, or of several."""
        scored = await service.predict(request, body.all)
        return JSONResponse({"model": scored.model.hash[:12], "predictions": service.predictions(scored)})

    @app.post("/explain", response_model=Explanation, dependencies=dependencies, responses=responses)
    async def explain(body: ExplainRequest, request: Request, service: Service = chosen) -> Response:
        """The effect of each word: how far the label's probability falls when the word is left out."""
        words = body.text.split()[:MAX_WORDS]
        without = [" ".join(words[:i] + words[i + 1 :]) for i in range(len(words))]
        texts = [body.text, " ".join(words), *without]
        scored = await service.predict(request, texts, low_priority=True)
        (prediction,) = service.predictions(scored[:1])
        probabilities = scored.probabilities
        label = int(probabilities[0].argmax())
        # against the text of these words alone: the first one may have more of them, and other white space
        effects = (probabilities[1, label] - probabilities[2:, label]).astype(float).tolist()
        parts = [{"word": word, "effect": effect} for word, effect in zip(words, effects, strict=True)]
        return AsciiResponse({"prediction": prediction, "words": parts})


def _add_about(app: FastAPI, models: Models) -> None:
    @app.get("/healthz", responses={503: {"model": Refused, "description": "Starting or stopping"}})
    async def healthz() -> dict[str, str]:
        """Whether the models answer."""
        if not models.ready:
            raise HTTPException(503, "not ready")
        return {"status": "ok"}

    @app.get("/metrics", response_class=Response)
    async def metrics() -> Response:
        """For Prometheus."""
        return Response(generate_latest(models.metrics.registry), media_type=CONTENT_TYPE_LATEST)

    @app.get("/model", responses=refusals(*GATE, 404))
    async def card(service: Service = Depends(models.chosen())) -> dict[str, Any]:
        """The card of the artifact."""
        model = service.model
        loaded = {"hash": model.hash, "runtime": model.predictor.runtime, "parameters": model.predictor.parameters}
        return model.card | loaded
