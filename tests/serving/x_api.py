"""A server on loopback that streams as X's filtered stream does: rules, chunks, keep-alives, and all that goes wrong.

It sends a given list of lines in order, and goes on where it was after a disconnection. What a client asks for with
`backfill_minutes` is sent again, by a clock that stands still while nobody is connected: a real X goes on meanwhile.
"""

from __future__ import annotations

import bisect
import json
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "secret-token"
KEEP_ALIVE = b"2\r\n\r\n\r\n"
TICK = 0.01


@dataclass
class XApi:
    """What the server sends, what requests it got, and when it lets go."""

    lines: Sequence[bytes]
    rate: float = 5_000.0
    """Lines a second."""
    minute_s: float = 60.0
    """How long a minute of backfill is."""
    drops: list[tuple[int, str]] = field(default_factory=list)
    """Before which line it disconnects, ascending, and how: `cut` in the middle of that line, or `end`."""
    answers: deque[tuple[int, dict[str, str]]] = field(default_factory=deque)
    """Status and headers of the next connections, in place of the stream."""
    after_drop: dict[int, tuple[int, dict[str, str]]] = field(default_factory=dict)
    """The answer to the first connection after the n-th drop."""
    rules: dict[str, dict[str, str]] = field(default_factory=dict)
    requests: list[tuple[float, int]] = field(default_factory=list)
    """When each connection was requested, and its minutes of backfill."""
    next: int = 0
    """The first line that was never sent."""
    dropped: int = 0
    connected: int = 0
    sent: int = 0
    """Lines, again or for the first time."""
    address: str = ""
    closing: bool = False
    _clock: float = 0.0
    _sent_at: list[float] = field(default_factory=list)
    _busy: threading.Lock = field(default_factory=threading.Lock)

    @property
    def done(self) -> bool:
        """Whether every line was sent once."""
        return self.next >= len(self.lines)

    def chunks(self, backfill: int) -> Iterator[bytes]:
        """What one connection is sent, at the rate, until it is dropped (the last chunk may be half) or all is sent."""
        place = bisect.bisect_left(self._sent_at, self._clock - backfill * self.minute_s) if backfill else self.next
        started, quiet = time.monotonic(), 0
        before, first = self._clock, place
        while not self.closing:
            self._clock = before + time.monotonic() - started
            due = min(first + int((time.monotonic() - started) * self.rate) + 1, len(self.lines))
            sent, place = self._due(place, due)
            if sent:
                yield sent
            if self.drops and place == self.drops[0][0]:
                self.dropped += 1
                if self.drops.pop(0)[1] == "cut":
                    yield b"ffff\r\n" + self.lines[place][:40]
                    self._first_time(place)
                else:
                    yield b"0\r\n\r\n"
                if self.dropped in self.after_drop:
                    self.answers.append(self.after_drop[self.dropped])
                return
            quiet += 1
            if quiet % 10 == 0:
                yield KEEP_ALIVE
            time.sleep(TICK)

    def _due(self, place: int, due: int) -> tuple[bytes, int]:
        """Lines from `place` up to `due`, or to the next drop, as chunks, and the place behind them."""
        stop = min(due, self.drops[0][0]) if self.drops and self.drops[0][0] >= place else due
        parts = []
        self.sent += max(stop - place, 0)
        for number in range(place, stop):
            line = self.lines[number] + b"\r\n"
            parts.append(b"%x\r\n%b\r\n" % (len(line), line))
            self._first_time(number)
        return b"".join(parts), max(place, stop)

    def _first_time(self, number: int) -> None:
        """A line is sent, be it in part: without backfill it is not sent again."""
        if number == self.next:
            self.next += 1
            self._sent_at.append(self._clock)

    def change_rules(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Add or delete rules; an unbalanced bracket is a wrong one."""
        if "delete" in body:
            for number in body["delete"]["ids"]:
                self.rules.pop(number)
            return 200, {"meta": {"summary": {"deleted": len(body["delete"]["ids"]), "not_deleted": 0}}}
        made, errors = [], []
        for rule in body["add"]:
            if rule["value"].count("(") != rule["value"].count(")"):
                details = ["no viable alternative at input '<EOF>' (at position 6)"]
                errors.append({"value": rule["value"], "details": details, "title": "UnprocessableEntity"})
            elif rule["value"] in [other["value"] for other in self.rules.values()]:
                errors.append({"value": rule["value"], "id": "1", "title": "DuplicateRule"})
            else:
                number = str(1000 + len(self.rules))
                self.rules[number] = rule
                made.append(rule | {"id": number})
        return 201, {"data": made, "errors": errors} if errors else {"data": made}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api: XApi

    def log_message(self, *args: Any) -> None:
        """Nothing is logged."""

    def _answer(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"content-length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _refused(self) -> bool:
        if self.headers["authorization"] == f"Bearer {TOKEN}":
            return False
        self._answer(401, {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"})
        return True

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if not self._refused():
            self._answer(*self.api.change_rules(body))

    def do_GET(self) -> None:
        if self._refused():
            return
        url = urlsplit(self.path)
        if url.path.endswith("/rules"):
            rules = [rule | {"id": number} for number, rule in self.api.rules.items()]
            self._answer(200, {"data": rules} if rules else {"meta": {}})
            return
        backfill = int(parse_qs(url.query).get("backfill_minutes", ["0"])[0])
        self.api.requests.append((time.monotonic(), backfill))
        if self.api.answers:
            status, headers = self.api.answers.popleft()
            if "x-rate-limit-reset" in headers:  # given as seconds from now
                headers = {"x-rate-limit-reset": str(int(time.time()) + int(headers["x-rate-limit-reset"]))}
            self._answer(status, {"title": "an error", "detail": "come back later"}, headers)
        elif not self.api._busy.acquire(timeout=0.5):
            detail = "This stream is currently at the maximum allowed connection limit."
            self._answer(429, {"title": "ConnectionException", "detail": detail})
        else:
            try:
                self._stream(backfill)
            finally:
                self.api._busy.release()

    def _stream(self, backfill: int) -> None:
        self.api.connected += 1
        self.send_response(200)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self.close_connection = True
        try:
            for chunk in self.api.chunks(backfill):
                self.wfile.write(chunk)
        except OSError:  # the client is gone
            return


@contextmanager
def serving_x(api: XApi) -> Iterator[XApi]:
    """The server in a thread, at `api.address`."""
    handler = type("Handler", (_Handler,), {"api": api})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
    server.daemon_threads = True
    api.address = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield api
    finally:
        api.closing = True
        server.shutdown()
        server.server_close()
