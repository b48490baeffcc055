"""`POST /feedback`: the right label of a text, kept for `python -m serving learn`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from bench.api import did_you_mean
from serving.learn.feedback import Feedback

if TYPE_CHECKING:
    from serving.http.app import Service

REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"description": "The body cannot be read"}, 401: {"description": "No key, or a wrong one"},
    413: {"description": "The body is too large"},
    422: {"description": "A label that the model does not have, or no text"},
    429: {"description": "Too many requests; Retry-After says when"},
    507: {"description": "The feedback file is full"},
}  # fmt: skip


class Labelled(BaseModel):
    """A text and what it should have been."""

    model_config = ConfigDict(extra="forbid")
    text: str = Field(min_length=1, examples=["not so good"])
    label: str = Field(examples=["negative"])
    id: str | None = Field(None, max_length=200, description="Of the post; a later label of the same post replaces it.")


class Kept(BaseModel):
    """An acknowledgement: the label is on disk."""

    status: str


def add_feedback(app: FastAPI, service: Service, feedback: Feedback) -> None:
    """The path."""

    @app.post("/feedback", status_code=201, responses=REFUSALS)
    def keep(labelled: Labelled, request: Request) -> Kept:
        """Keep the right label of a text."""
        if labelled.label not in service.labels:
            raise HTTPException(422, f"unknown label: {did_you_mean(labelled.label, service.labels)}")
        if labelled.text.isspace() or not _is_unicode(labelled.text, labelled.id or ""):
            raise HTTPException(422, "a text is needed, of whole Unicode characters")
        request.state.texts = 1
        try:
            kept = feedback.append(labelled.text, labelled.label, labelled.id, service.model.hash[:12])
        except OSError as error:
            raise HTTPException(507, f"it could not be kept: {error.strerror}") from None
        if not kept:
            raise HTTPException(507, f"the feedback file has its {feedback.most_bytes:,} bytes: move it away")
        return Kept(status="kept")


def _is_unicode(*texts: str) -> bool:
    """Whether they can be written: JSON may hold half a character."""
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        return False
    return True
