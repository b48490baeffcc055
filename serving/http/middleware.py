"""The checks and records of every request: host, key, rate, size, time, log."""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from datetime import UTC, datetime

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.http.log import Log
from serving.http.models import Models
from serving.http.rates import Rates
from serving.http.refusals import refusal
from serving.http.security import with_security
from serving.http.settings import Settings

Refusal = tuple[int, str, dict[str, str]]

OPEN_PATHS = ("/healthz", "/ping", "/metrics", "/v2/health/live", "/v2/health/ready", "/")
"""Answered without a key and at any rate: probes, and the page that asks for one."""
ALL_PATHS = (
    *OPEN_PATHS, "/predict", "/explain", "/feedback", "/model", "/invocations", "/docs", "/openapi.json", "/v2",
    "/v2/models", "/v2/repository/index",
)  # fmt: skip
"""Counted and logged by their own names; others together."""
WRONG_KEYS = (1.0, 10)
"""A second, and at once, that one client may try where requests have no rate of their own."""
GONE = 499
"""Logged of a client that left before its request was whole; it is sent to no client."""


class _GoneError(Exception):
    """The client left."""


class _TooLargeError(Exception):
    """The body is larger than may be."""


class Middleware:
    """ASGI middleware around the application."""

    def __init__(self, app: ASGIApp, settings: Settings, models: Models) -> None:
        """Of the models' `rates` a request takes one; the application takes what more it is worth."""
        self.app, self.settings, self.log = app, settings, Log()
        self.metrics, self.rates = models.metrics, models.rates
        of_models = (f"/v2/models/{name}{what}" for name in models.by_name for what in ("", "/ready", "/infer"))
        self._paths = frozenset((*ALL_PATHS, *of_models))
        wrong = (settings.rate_per_s, settings.burst) if settings.rate_per_s else WRONG_KEYS
        self._wrong_keys = Rates(*wrong)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            try:
                await self.app(scope, receive, send)
            finally:
                self.log.flush()
            return
        started, status, method = time.perf_counter(), 500, scope["method"]
        scope = _normalized(scope)

        async def send_secured(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = with_security(list(message["headers"]))
            elif method == "HEAD":
                message["body"] = b""
            await send(message)

        try:
            refused = self._refusal(scope)
            if refused:
                await _answer(send_secured, scope["path"], *refused)
            else:
                await self._bounded(scope, receive, send_secured)
        except _GoneError:
            status = GONE
        finally:
            self._record(scope, method, status, time.perf_counter() - started)

    def refused(self, status: int) -> None:
        """Count what was refused before it was a request."""
        self.metrics.requests.labels("other", status).inc()

    def _refusal(self, scope: Scope) -> Refusal | None:
        headers, client = dict(scope["headers"]), (scope.get("client") or ("",))[0]
        host, hosts = _host(headers), self.settings.hosts
        if hosts is not None and host is not None and host not in hosts:
            return 421, "not served by this name: --allowed-host lets it in", {}
        if scope["path"] in OPEN_PATHS:
            return None
        if self.settings.api_key is not None:
            refused = self._check_key(headers, client, self.settings.api_key.encode())
            if refused:
                return refused
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > self.settings.max_body_bytes:
            return 413, f"the body has {int(length):,} bytes; {self.settings.max_body_bytes:,} are allowed", {}
        wait = self.rates.wait(client)
        if wait > 0:
            return _later("too many requests", wait)
        self.rates.take(client, 1)
        return None

    def _check_key(self, headers: dict[bytes, bytes], client: str, key: bytes) -> Refusal | None:
        """After too many wrong keys an address is refused for a while, so that no answer reveals a right key."""
        wait = self._wrong_keys.wait(client)
        if wait > 0:
            return _later("too many wrong keys", wait)
        scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
        sent = headers.get(b"x-api-key") or (token.strip() if scheme.lower() == b"bearer" else b"")
        if hmac.compare_digest(sent, key):
            return None
        self._wrong_keys.take(client, 1)
        return 401, "a key is needed: X-API-Key or Authorization: Bearer", {"www-authenticate": "Bearer"}

    async def _bounded(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body, then pass it on; one that is larger or slower than may be is refused."""
        try:
            async with asyncio.timeout(self.settings.timeout_s):
                body = await self._body(receive)
        except _TooLargeError:
            await _answer(
                send, scope["path"], 413, f"the body is larger than {self.settings.max_body_bytes:,} bytes", {}
            )
            return
        except TimeoutError:
            detail = f"the body did not come within {self.settings.timeout_s:g} s"
            await _answer(send, scope["path"], 408, detail, {"connection": "close"})
            return
        whole = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return whole.pop() if whole else await receive()

        await self.app(scope, replay, send)

    async def _body(self, receive: Receive) -> bytes:
        """All of it; it may come in chunks, of a length that no header gives."""
        body, more = bytearray(), True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _GoneError
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self.settings.max_body_bytes:
                raise _TooLargeError
        return bytes(body)

    def _record(self, scope: Scope, method: str, status: int, seconds: float) -> None:
        path = scope["path"] if scope["path"] in self._paths else "other"
        self.metrics.requests.labels(path, status).inc()
        self.metrics.seconds.labels(path).observe(seconds)
        if path in OPEN_PATHS:
            return
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"), "method": method, "path": path,
            "status": status, "ms": round(1000 * seconds, 2), "texts": scope.get("state", {}).get("texts"),
        }  # fmt: skip
        self.log.add(json.dumps(line))


def _normalized(scope: Scope) -> Scope:
    """HEAD is answered as GET is, and a path with a slash at its end as the one without."""
    path = scope["path"].rstrip("/") or "/"
    method = "GET" if scope["method"] == "HEAD" else scope["method"]
    return {**scope, "path": path, "method": method}


def _host(headers: dict[bytes, bytes]) -> str | None:
    """The name in the `Host` header, without its port; None without one, which no browser sends."""
    host = headers.get(b"host")
    if host is None:
        return None
    name = host.decode("latin-1").strip().lower()
    return name[: name.find("]") + 1] if name.startswith("[") else name.partition(":")[0]


def _later(detail: str, wait: float) -> Refusal:
    return 429, detail, {"retry-after": str(max(1, round(wait)))}


async def _answer(send: Send, path: str, status: int, detail: str, headers: dict[str, str]) -> None:
    body = json.dumps(refusal(path, detail)).encode()
    raw = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    raw += [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
