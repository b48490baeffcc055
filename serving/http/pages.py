"""The pages: one to type a text, one to read the interface. All that they load comes from this server."""

from __future__ import annotations

from pathlib import Path

import fastapi_offline
from fastapi import FastAPI, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from serving.http.security import POLICY, policy_of

PAGE = Path(__file__).parent / "page.html"
SWAGGER = Path(fastapi_offline.__file__).parent / "static"
"""Swagger UI as that package ships it; FastAPI itself would have the browser load it from elsewhere."""


def add_pages(app: FastAPI) -> None:
    """Add their paths."""
    predict = PAGE.read_text(encoding="utf-8")
    swagger = get_swagger_ui_html(
        openapi_url="/openapi.json", title=f"{app.title}: the interface", swagger_js_url="/docs/swagger-ui-bundle.js",
        swagger_css_url="/docs/swagger-ui.css", swagger_favicon_url="data:,",
    )  # fmt: skip
    docs = bytes(swagger.body).decode()

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    async def page() -> Response:
        return _page(predict)

    @app.get("/docs", response_class=HTMLResponse, include_in_schema=False)
    async def interface() -> Response:
        return _page(docs)

    app.mount("/docs", StaticFiles(directory=SWAGGER))


def _page(html: str) -> Response:
    return HTMLResponse(html, headers={POLICY.decode(): policy_of(html)})
