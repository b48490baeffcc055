"""`POST /feedback`: the right label of a text, stored for `python -m serving learn`."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from bench.api import did_you_mean
from serving.http.models import Models
from serving.http.refusals import TEXTS, json_only, refusals
from serving.http.service import Service
from serving.learn.feedback import Feedback
from serving.model import need_one_label


class Labelled(BaseModel):
    """A text and what it should have been."""

    model_config = ConfigDict(extra="forbid")
    text: str = Field(pattern=r"\S", examples=["not so good"])
    label: str = Field(examples=["negative"])
    id: str | None = Field(None, max_length=200, description="Of the post; a later label of the same post replaces it.")


class Stored(BaseModel):
    """An acknowledgement: the label is on disk."""

    status: str


def add_feedback(app: FastAPI, models: Models, feedback: Mapping[str, Feedback]) -> None:
    """Add `POST /feedback`; the labels of each model are stored apart, by its name.

    A `BenchError` for a model of several labels a text.
    """
    for service in models.by_name.values():
        need_one_label(service.model.card, "feedback")

    labels = dict.fromkeys(label for service in models.by_name.values() for label in service.labels)
    body = {"schema": {"properties": {"label": {"enum": [*labels]}}}}

    @app.post(
        "/feedback",
        status_code=201,
        responses=refusals(*TEXTS, 404, 507),
        dependencies=[Depends(json_only)],
        openapi_extra={"requestBody": {"content": {"application/json": body}}},
    )
    def keep(labelled: Labelled, request: Request, service: Service = Depends(models.chosen())) -> Stored:
        """Store the right label of a text."""
        if labelled.label not in service.labels:
            raise HTTPException(422, f"unknown label: {did_you_mean(labelled.label, service.labels)}")
        if not _is_unicode(labelled.text, labelled.id or ""):
            raise HTTPException(422, "the text holds a lone surrogate")
        request.state.texts, kept = 1, feedback[service.name]
        try:
            stored = kept.append(labelled.text, labelled.label, labelled.id, service.model.hash[:12])
        except OSError as error:
            raise HTTPException(507, f"it could not be stored: {error.strerror}") from None
        if not stored:
            raise HTTPException(507, f"the feedback file has its {kept.max_bytes:,} bytes: move it away")
        return Stored(status="kept")


def _is_unicode(*texts: str) -> bool:
    """Whether they can be written: JSON may hold a lone surrogate."""
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        return False
    return True
