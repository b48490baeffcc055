"""The contract of a SageMaker container: `GET /ping`, `POST /invocations` with CSV, JSON or JSON lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from pydantic import BaseModel

from serving.http.accept import best
from serving.http.models import Models
from serving.http.predictions import Prediction
from serving.http.refusals import TEXTS, refusals
from serving.http.service import Service

JSON, LINES, CSV = "application/json", "application/jsonlines", "text/csv"
KEYS, INSTANCE_KEYS = ("instances", "texts", "inputs", "text"), ("text", "inputs")
"""Where the texts are in a JSON object, and where the text of one instance is."""
ALIASES = {"application/x-jsonlines": LINES, "application/jsonl": LINES}
TEXT = {"type": "string"}
INSTANCE = {"anyOf": [TEXT, *({"type": "object", "properties": {k: TEXT}, "required": [k]} for k in INSTANCE_KEYS)]}
MANY = {"anyOf": [TEXT, {"type": "array", "items": INSTANCE}]}
REQUEST = {"anyOf": [MANY, *({"type": "object", "properties": {k: MANY}, "required": [k]} for k in KEYS)]}
BODY = {
    "required": True,
    "content": {
        JSON: {"schema": REQUEST, "example": {"instances": ["what a lovely day"]}},
        LINES: {"schema": TEXT, "example": '{"text": "what a lovely day"}'},
        CSV: {"schema": TEXT, "example": "what a lovely day"},
    },
}
ANSWER = {
    "description": "One prediction a text, in order, in the type that Accept or the request names",
    "content": {LINES: {"schema": TEXT}, CSV: {"schema": TEXT}},
}
"""JSON is documented by its model."""


class Answer(BaseModel):
    """As of `/predict`."""

    predictions: list[Prediction]


def add_sagemaker(app: FastAPI, models: Models) -> None:
    """Add the two paths of the contract."""

    @app.get("/ping", response_class=Response, responses={503: {"description": "Starting or stopping"}})
    async def ping() -> Response:
        """Whether the models answer."""
        return Response(status_code=200 if models.ready else 503)

    @app.post(
        "/invocations",
        openapi_extra={"requestBody": BODY},
        response_model=Answer,
        responses=refusals(*TEXTS, 404, 406) | {200: ANSWER},
    )
    async def invocations(request: Request, service: Service = Depends(models.chosen())) -> Response:
        """Texts in the request's content type; an answer in what `Accept` names, else in the same."""
        kind = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
        kind, accept = ALIASES.get(kind, kind), ",".join(request.headers.getlist("accept"))
        if kind not in READ:
            raise HTTPException(415, f"unknown content type '{kind}': {JSON}, {LINES} or {CSV}")
        answer_type = best(accept or "*/*", sorted(WRITE, key=kind.__ne__), ALIASES)
        if answer_type is None:
            raise HTTPException(406, f"cannot answer as '{accept[:100]}': {JSON}, {LINES} or {CSV}")
        texts = _texts(await request.body(), kind)
        predictions = service.predictions(await service.predict(request, texts))
        return Response(WRITE[answer_type](predictions), media_type=answer_type)


def _texts(body: bytes, kind: str) -> list[str]:
    try:
        texts = READ[kind](body.decode())
    except (ValueError, RecursionError, csv.Error):
        raise HTTPException(400, f"the body is not {kind} in UTF-8") from None
    if not all(isinstance(text, str) for text in texts):
        raise HTTPException(422, "every text must be a string")
    return texts


def _read_json(body: str) -> list[Any]:
    """`{"instances": […]}`, `{"texts": […]}`, `{"text": …}`, a list, a string; an instance may be `{"text": …}`."""
    value = json.loads(body)
    if isinstance(value, dict):
        value = next((value[key] for key in KEYS if key in value), None)
    if isinstance(value, list):
        return [_text_of(item) for item in value]
    return [value]


def _text_of(item: Any) -> Any:
    return next((item[key] for key in INSTANCE_KEYS if key in item), None) if isinstance(item, dict) else item


def _read_csv(body: str) -> list[Any]:
    """One text a record, in its first column; no header, as SageMaker sends it."""
    return [row[0] for row in csv.reader(io.StringIO(body, newline="")) if row]


def _write_csv(predictions: list[Prediction]) -> str:
    """Label and probability a row, then every probability in the order of the labels; no header."""
    buffer = io.StringIO(newline="")
    rows = [[row["label"], row["probability"], *row["probabilities"].values()] for row in predictions]
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()


READ: dict[str, Callable[[str], list[Any]]] = {
    JSON: _read_json,
    LINES: lambda body: [_text_of(json.loads(line)) for line in body.split("\n") if line.strip()],
    CSV: _read_csv,
}
WRITE: dict[str, Callable[[list[Prediction]], str]] = {
    JSON: lambda predictions: json.dumps({"predictions": predictions}),
    LINES: lambda predictions: "".join(json.dumps(row) + "\n" for row in predictions),
    CSV: _write_csv,
}
