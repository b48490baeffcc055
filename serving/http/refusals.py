"""Errors of the interface: every answer that is no success has one line in `detail`, or in `error` under `/v2`."""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException as StarletteHTTPException

SHOWN = 3
"""Problems of a body that are reported; a list of texts may have hundreds."""
REASONS = {
    400: "The body does not match its content type",
    401: "No key, or a wrong one",
    404: "No model of that name; the nearest",
    406: "Accept names nothing that can be written",
    408: "The body did not come in time",
    413: "The body is too large, or holds too many texts",
    415: "An unknown content type",
    421: "Host names another server",
    422: "The body holds something else than texts",
    429: "Too many requests; see Retry-After",
    503: "The queue is full, see Retry-After; or it starts or stops",
    507: "It could not be stored: no room",
}
GATE = (401, 408, 413, 421, 429)
"""What any request may get that is no probe."""
TEXTS = (*GATE, 400, 415, 422, 503)
"""What a request with texts may get."""


class Refused(BaseModel):
    """Why there is no answer."""

    detail: str


class Failed(BaseModel):
    """The same, as the Open Inference Protocol has it."""

    error: str


def refusals(*statuses: int, form: type[BaseModel] = Refused) -> dict[int | str, dict[str, Any]]:
    """As the interface documents them."""
    return {status: {"model": form, "description": REASONS[status]} for status in sorted(statuses)}


def refusal(path: str, detail: str) -> dict[str, str]:
    """The body of an answer to a request of that path."""
    return {"error" if path == "/v2" or path.startswith("/v2/") else "detail": detail}


class AsciiResponse(JSONResponse):
    """JSON that can hold any text: what UTF-8 cannot (lone surrogates) goes out escaped, as it came in."""

    def render(self, content: Any) -> bytes:
        """Compact, in ASCII."""
        return json.dumps(content, separators=(",", ":"), allow_nan=False).encode()


async def json_only(request: Request) -> None:
    """415 for a body that is not declared as JSON; async, or each request would wait for a thread."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, f"unknown content type '{kind}': send application/json")


def add_refusals(app: FastAPI) -> None:
    """Report what is wrong with a body in one line, and never its content: it may be a text, or no valid JSON."""

    @app.exception_handler(StarletteHTTPException)
    async def refused(request: Request, error: StarletteHTTPException) -> Response:
        return AsciiResponse(refusal(request.url.path, error.detail), error.status_code, error.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        details = [
            f"{'.'.join(map(str, problem['loc']))}: {problem['msg'].removeprefix('Value error, ')}"
            for problem in error.errors()
        ]
        more = [f"and {len(details) - SHOWN} more"] if len(details) > SHOWN else []
        return AsciiResponse(refusal(request.url.path, "; ".join([*details[:SHOWN], *more])), 422)
