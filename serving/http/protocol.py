"""uvicorn's protocol with bounds on what comes before the application: heads, trailers, idle and stuck connections.

httptools keeps a head until it is whole, however large it becomes, and uvicorn waits for it for ever.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from serving.http.security import HEADERS
from serving.http.settings import Settings

HEAD_BYTES = 32_768
"""Of a request's line and headers."""
HEAD_LINES = 100


class _HeadError(Exception):
    """The head is larger than may be."""


@dataclass
class Connections:
    """What the connections of one server share."""

    settings: Settings
    refused: Callable[[int], None]
    """Called with the status of each answer that is given here."""
    waiting: dict[BoundedProtocol, None] = field(default_factory=dict)
    """Those of which the client has yet to send something; the one that is idle longest comes first."""


class BoundedProtocol(HttpToolsProtocol):
    """A connection. A head has as long as a body; a client that does not read its answer is cut off after as long."""

    def __init__(self, shared: Connections, **options: Any) -> None:
        super().__init__(**options)
        self.shared, self.wait_s = shared, shared.settings.timeout_s
        self.unread = 0
        """Bytes since the parser last reported something whole: of a head, a trailer, a chunk's extension."""
        self.late: asyncio.TimerHandle | None = None
        self.stuck: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """One more; where there are too many, the one that has been idle longest goes."""
        super().connection_made(transport)
        self._wait()
        if len(self.connections) > self.shared.settings.max_connections:
            next(iter(self.shared.waiting)).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The end."""
        super().connection_lost(exc)
        self.shared.waiting.pop(self, None)
        self._cancel()

    def data_received(self, data: bytes) -> None:
        """Some bytes."""
        if self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        if self.late is None and (self.cycle is None or self.cycle.response_complete):
            self._wait()
        self.unread += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:  # no upgrade is made: the request is answered as one without
            pass
        except httptools.HttpParserError as error:
            large = isinstance(error.__context__, _HeadError)
            self._refuse(*(self._too_large() if large else (400, "what came is no HTTP request")))
        else:
            if self.unread > HEAD_BYTES:
                self._refuse(*self._too_large())

    def on_headers_complete(self) -> None:
        """A head is whole: it may have come at once."""
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > HEAD_BYTES or len(self.headers) > HEAD_LINES:
            raise _HeadError
        self.unread = 0
        self._cancel()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of a body; the middleware bounds bodies."""
        self.unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Nothing is waited for any more."""
        self.unread = 0
        self.shared.waiting.pop(self, None)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The next request may come."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._end_soon()
        elif self.cycle.response_complete:  # of several that came at once, the last
            self.shared.waiting[self] = None

    def timeout_keep_alive_handler(self) -> None:
        """No next request came."""
        super().timeout_keep_alive_handler()
        self._end_soon()

    def shutdown(self) -> None:
        """The server stops."""
        super().shutdown()
        self._end_soon()

    def pause_writing(self) -> None:
        """The client does not read as fast as is written."""
        super().pause_writing()
        self.stuck = self.loop.call_later(self.wait_s, self.transport.abort)

    def resume_writing(self) -> None:
        """It has read."""
        super().resume_writing()
        if self.stuck is not None:
            self.stuck.cancel()

    def _wait(self) -> None:
        """For a head, from now on."""
        self.shared.waiting[self] = None
        self.late = self.loop.call_later(self.wait_s, self._too_late)

    def _cancel(self) -> None:
        if self.late is not None:
            self.late.cancel()
            self.late = None

    def _too_late(self) -> None:
        if self.unread and not self.transport.is_closing():
            self._refuse(408, f"the request's headers did not come within {self.wait_s:g} s")
        else:
            self.transport.close()
            self._end_soon()

    def _too_large(self) -> tuple[int, str]:
        return 431, f"the request's headers are larger than {HEAD_BYTES:,} bytes or {HEAD_LINES} lines"

    def _refuse(self, status: int, detail: str) -> None:
        """Answer before there is a request that the application could see, and end."""
        body = json.dumps({"detail": detail}).encode()
        headers = [
            *self.server_state.default_headers, *HEADERS, (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()), (b"connection", b"close"),
        ]  # fmt: skip
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
        self.transport.write(STATUS_LINE[status] + lines + b"\r\n" + body)
        self.transport.close()
        self._end_soon()
        self.shared.refused(status)

    def _end_soon(self) -> None:
        """A connection that is closed sends what it has first: to a client that does not read, for ever."""
        if self.transport.is_closing() and self.transport.get_write_buffer_size():
            self.loop.call_later(self.wait_s, self.transport.abort)
