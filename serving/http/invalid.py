"""What is wrong with a request's body, told without giving the body back: a text may hold half a character."""

from __future__ import annotations

import json

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError


def add_invalid(app: FastAPI) -> None:
    """Answer 422 with `detail`: where, what, and which rule, as the interface says."""

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        detail = [{key: one[key] for key in ("loc", "msg", "type")} for one in error.errors()]
        return Response(json.dumps({"detail": detail}), 422, media_type="application/json")
