"""tweepy's client of the filtered stream: one connection a call, to any address."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import requests
import tweepy
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies

from serving.stream.lines import EXCERPT, LONGEST, Line
from serving.stream.rules import refusal
from serving.stream.sources import Put

TWEEPYS = "https://api.twitter.com"
"""Where tweepy sends every request."""
FIELDS = ["created_at", "author_id", "note_tweet", "referenced_tweets"]
EXPANSIONS = ["referenced_tweets.id"]
"""`text` is cut in long posts and in repeated ones; these bring the whole one."""
CHUNK = 1 << 14


@dataclass
class Ending:
    """How a connection ended."""

    status: int | None = None
    """Of the HTTP error; None for a lost connection."""
    headers: dict[str, str] = field(default_factory=dict)
    message: str = ""


class _OtherAddress(HTTPAdapter):
    """Sends tweepy's requests to another base address."""

    def __init__(self, api_url: str) -> None:
        super().__init__()
        self._api_url = api_url.rstrip("/")

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """The same request, to that address."""
        request.url = str(request.url).replace(TWEEPYS, self._api_url, 1)
        options["proxies"] = get_environ_proxies(request.url)
        return super().send(request, *args, **options)


class Client(tweepy.StreamingClient):
    """Connects once a call; how long to wait before the next is decided outside."""

    def __init__(self, token: str, api_url: str) -> None:
        super().__init__(token, chunk_size=CHUNK)
        if api_url != TWEEPYS:
            self.session.mount(TWEEPYS, _OtherAddress(api_url))
        self.session.hooks["response"].append(self._store)
        self.put: Put = lambda line: None
        self.received: Callable[[], None] = lambda: None
        self.stopped = Event()
        self.response: requests.Response | None = None
        self.ending = Ending()

    def _store(self, response: requests.Response, *args: Any, **options: Any) -> None:
        self.response = response

    def once(self, backfill: int) -> Ending:
        """Connect and read until that ends."""
        self.ending = Ending()
        self.filter(tweet_fields=FIELDS, expansions=EXPANSIONS, **({"backfill_minutes": backfill} if backfill else {}))
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
        self.received()
        long = len(raw_data) > LONGEST
        self.put(Line(raw_data[:EXCERPT], None, "too long") if long else Line(raw_data))

    def on_keep_alive(self) -> None:
        """An empty line, as X sends every 20 seconds."""
        self.received()

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
            self.ending = Ending(status_code, headers, refusal(tweepy.HTTPException(self.response)))

    def on_exception(self, exception: Exception) -> None:
        """Anything else ends the stream."""
        raise exception
