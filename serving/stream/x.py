"""X's filtered stream, through tweepy: one connection after the other, with the waits that X asks for."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import requests
import tweepy
from requests.adapters import HTTPAdapter

from bench.api import BenchError
from serving.stream.backoff import Backoff
from serving.stream.lines import LONGEST, Line
from serving.stream.rules import Rules, refusal
from serving.stream.sources import Put, Source

TWEEPYS = "https://api.twitter.com"
"""Where tweepy sends every request."""
FIELDS = ["created_at", "author_id"]
CHUNK = 1 << 14
HOPELESS = (400, 401, 403, 404, 410)
"""HTTP errors for which another try is no use."""


@dataclass(frozen=True)
class XSettings:
    """How X is asked."""

    token: str
    queries: Sequence[str]
    api_url: str = TWEEPYS
    backfill: int = 0
    """Minutes that X may send again after a disconnection, 0 to 5, where the access level has that."""
    scale: float = 1.0
    """Multiplies every wait, and X's minute."""


@dataclass
class _Ending:
    """How a connection ended."""

    status: int | None = None
    """Of the HTTP error; None for a lost connection."""
    headers: dict[str, str] = field(default_factory=dict)
    words: str = ""


class _Elsewhere(HTTPAdapter):
    """Sends tweepy's requests to another base address."""

    def __init__(self, api_url: str) -> None:
        super().__init__()
        self._api_url = api_url.rstrip("/")

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """The same request, over there."""
        request.url = str(request.url).replace(TWEEPYS, self._api_url, 1)
        return super().send(request, *args, **options)


class _Client(tweepy.StreamingClient):
    """Connects once a call; who waits how long before the next is decided outside."""

    def __init__(self, settings: XSettings) -> None:
        super().__init__(settings.token, chunk_size=CHUNK)
        if settings.api_url != TWEEPYS:
            self.session.mount(TWEEPYS, _Elsewhere(settings.api_url))
        self.session.hooks["response"].append(self._keep)
        self.put: Put = lambda line: None
        self.heard: Callable[[], None] = lambda: None
        self.stopped = Event()
        self.response: requests.Response | None = None
        self.ending = _Ending()

    def _keep(self, response: requests.Response, *args: Any, **options: Any) -> None:
        self.response = response

    def once(self, backfill: int) -> _Ending:
        """Connect and read until that ends."""
        self.ending = _Ending()
        self.filter(tweet_fields=FIELDS, **({"backfill_minutes": backfill} if backfill else {}))
        return self.ending

    def interrupt(self) -> None:
        """End a connection that may wait for its next byte."""
        self.running = False
        with contextlib.suppress(AttributeError, ValueError, OSError):
            self.response.raw.shutdown()  # type: ignore[union-attr]

    def on_connect(self) -> None:
        """The stream is open."""
        if self.stopped.is_set():
            self.running = False

    def on_data(self, raw_data: bytes) -> None:
        """A line."""
        self.heard()
        long = len(raw_data) > LONGEST
        self.put(Line(raw_data[:1000], None, "too long") if long else Line(raw_data))

    def on_keep_alive(self) -> None:
        """An empty line, as X sends every 20 seconds."""
        self.heard()

    def on_closed(self, response: requests.Response) -> None:
        """X ended the stream."""
        self.running = False

    def on_connection_error(self) -> None:
        """The connection was lost, was silent for 21 seconds, or was not made."""
        self.running = False

    def on_request_error(self, status_code: int) -> None:
        """X answered with an error."""
        self.running = False
        if self.response is not None:
            headers = {name.lower(): value for name, value in self.response.headers.items()}
            self.ending = _Ending(status_code, headers, refusal(tweepy.HTTPException(self.response)))

    def on_exception(self, exception: Exception) -> None:
        """Anything else ends the stream."""
        raise exception


class XSource(Source):
    """Posts that match the queries, as they are made."""

    name = "x"

    def __init__(self, settings: XSettings, say: Callable[[str], None]) -> None:
        self._settings, self._say = settings, say
        self._client = _Client(settings)
        self._rules = Rules(self._client, settings.queries)
        self._backoff = Backoff(settings.scale)
        self._heard_at: float | None = None

    def open(self) -> None:
        """Add the rules; a wrong one, or a wrong token, is a `BenchError`."""
        others = self._rules.add()
        if others:
            self._say(f"X filters by {others} more rules of others: their posts come too, see the column 'rules'")

    def read(self, put: Put, start: int, stopped: Event) -> None:
        """Put each line until stopped; `start` says nothing here. What no wait mends is a `BenchError`."""
        self._client.put, self._client.heard, self._client.stopped = put, self._heard, stopped
        while not stopped.is_set():
            self.status = "connecting"
            ending = self._client.once(self._backfill())
            if stopped.is_set():
                return
            wait = self._wait(ending)
            self.reconnections += 1
            stopped.wait(wait)

    def interrupt(self) -> None:
        """End the connection."""
        self._client.interrupt()

    def close(self) -> None:
        """Remove the rules that were added."""
        try:
            self._rules.remove()
        except BenchError as error:
            self._say(f"the rules that were added are still there: {error}")

    def _heard(self) -> None:
        self._heard_at = time.monotonic()
        self._backoff.reset()
        self.status = "connected"

    def _backfill(self) -> int:
        """All that may be asked for at the start, when nobody knows what was in flight; then the minutes missed."""
        if self._heard_at is None:
            return self._settings.backfill
        missed = (time.monotonic() - self._heard_at) / (60 * self._settings.scale)
        return min(self._settings.backfill, 1 + int(missed))

    def _wait(self, ending: _Ending) -> float:
        if ending.status is None:
            self.status = "connection lost"
            return self._backoff.network()
        if ending.status in HOPELESS:
            raise BenchError(ending.words)
        wait = self._backoff.http(ending.status, ending.headers)
        self.status = f"waiting {wait:.0f} s after {ending.status}"
        self._say(f"{ending.words}; next try in {wait:.1f} s")
        return wait
