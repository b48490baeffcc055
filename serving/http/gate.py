"""What every request passes: key, rate, size, the clock, the log. Texts are never logged."""

from __future__ import annotations

import asyncio
import hmac
import json
import sys
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from serving.http.metrics import Metrics
from serving.http.settings import Settings

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

OPEN_PATHS = ("/healthz", "/ping", "/metrics", "/")
"""Answered without a key and at any rate: probes, and the page that asks for one."""
KNOWN_PATHS = (*OPEN_PATHS, "/predict", "/explain", "/feedback", "/model", "/invocations", "/docs", "/openapi.json")
MOMENT = 0.05
"""Seconds that a line of the log may wait for others."""
CLIENTS = 10_000
"""Clients whose rate is remembered."""
GONE = 499
"""Logged of a client that left before its request was whole; nobody gets it as an answer."""


class _GoneError(Exception):
    """The client left."""


class _TooLargeError(Exception):
    """The body is larger than may be."""


class Log:
    """Lines to standard error, those of a moment in one call of the system; used from the event loop alone."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def add(self, line: str) -> None:
        """Soon to be written."""
        self._lines.append(line)
        if len(self._lines) == 1:
            asyncio.get_running_loop().call_later(MOMENT, self.flush)

    def flush(self) -> None:
        """Write what waits."""
        if self._lines:
            print(*self._lines, sep="\n", file=sys.stderr)
            self._lines.clear()


@dataclass
class _Bucket:
    """A token bucket: `burst` requests at once, `rate` a second in the long run."""

    tokens: float
    at: float


class Gate:
    """ASGI middleware around the application."""

    def __init__(self, app: App, settings: Settings, metrics: Metrics) -> None:
        self.app, self.settings, self.metrics, self.log = app, settings, metrics, Log()
        self._buckets: dict[str, _Bucket] = {}

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            try:
                await self.app(scope, receive, send)
            finally:
                self.log.flush()
            return
        started, status = time.perf_counter(), 500

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            refused = self._refusal(scope)
            if refused:
                await _answer(told, *refused)
            else:
                await self._bounded(scope, receive, told)
        except _GoneError:
            status = GONE
        finally:
            self._record(scope, status, time.perf_counter() - started)

    def _refusal(self, scope: MutableMapping[str, Any]) -> tuple[int, str, dict[str, str]] | None:
        if scope["path"] in OPEN_PATHS:
            return None
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        wanted = self.settings.api_key
        if wanted is not None:
            given = headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")
            if not hmac.compare_digest(given.encode(), wanted.encode()):
                return 401, "a key is needed: X-API-Key or Authorization: Bearer", {"www-authenticate": "Bearer"}
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length) > self.settings.max_body_bytes:
            return 413, f"the body has {int(length):,} bytes; {self.settings.max_body_bytes:,} are allowed", {}
        wait = self._wait((scope.get("client") or ("",))[0])
        if wait > 0:
            return 429, "too many requests", {"retry-after": str(max(1, round(wait)))}
        return None

    def _wait(self, client: str) -> float:
        """Seconds until this client may send again, 0 for now."""
        rate = self.settings.rate_per_s
        if not rate:
            return 0.0
        now = time.monotonic()
        if len(self._buckets) > CLIENTS:
            self._buckets.clear()
        bucket = self._buckets.setdefault(client, _Bucket(float(self.settings.burst), now))
        bucket.tokens = min(float(self.settings.burst), bucket.tokens + rate * (now - bucket.at))
        bucket.at = now
        if bucket.tokens >= 1:
            bucket.tokens -= 1
            return 0.0
        return (1 - bucket.tokens) / rate

    async def _bounded(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Read the body, then pass it on; one that is larger or slower than may be is refused."""
        try:
            async with asyncio.timeout(self.settings.timeout_s):
                body = await self._body(receive)
        except _TooLargeError:
            await _answer(send, 413, f"the body is larger than {self.settings.max_body_bytes:,} bytes", {})
            return
        except TimeoutError:
            said = f"the body did not come within {self.settings.timeout_s:g} s"
            await _answer(send, 408, said, {"connection": "close"})
            return
        whole = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return whole.pop() if whole else await receive()

        await self.app(scope, replay, send)

    async def _body(self, receive: Receive) -> bytes:
        """It may come in chunks of no told length."""
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

    def _record(self, scope: MutableMapping[str, Any], status: int, seconds: float) -> None:
        path = scope["path"] if scope["path"] in KNOWN_PATHS else "other"
        self.metrics.requests.labels(path, status).inc()
        self.metrics.seconds.labels(path).observe(seconds)
        if path in OPEN_PATHS:
            return
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"), "method": scope["method"], "path": path,
            "status": status, "ms": round(1000 * seconds, 2), "texts": scope.get("state", {}).get("texts"),
        }  # fmt: skip
        self.log.add(json.dumps(line))


async def _answer(send: Send, status: int, detail: str, headers: dict[str, str]) -> None:
    body = json.dumps({"detail": detail}).encode()
    raw = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    raw += [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
