"""X's filtered stream, through tweepy: one connection after the other, with the waits that X requires."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event

from bench.api import BenchError
from serving.stream.backoff import Backoff
from serving.stream.rules import Rules
from serving.stream.sources import Put, Source
from serving.stream.x_client import TWEEPYS, Client, Ending

HOPELESS = (400, 401, 403, 404, 410)
"""HTTP errors for which another try is no use."""


@dataclass(frozen=True)
class XSettings:
    """How X is called."""

    token: str
    queries: Sequence[str]
    api_url: str = TWEEPYS
    backfill: int = 0
    """Minutes that X may send again after a disconnection, 0 to 5, where the access level has that."""
    scale: float = 1.0
    """Multiplies every wait, and X's minute."""


class XSource(Source):
    """Posts that match the queries, as they are made."""

    name = "x"

    def __init__(self, settings: XSettings, log: Callable[[str], None]) -> None:
        self._settings, self._log = settings, log
        self._client = Client(settings.token, settings.api_url)
        self._rules = Rules(self._client, settings.queries)
        self._backoff = Backoff(settings.scale)
        self._received_at: float | None = None

    def open(self) -> None:
        """Add the rules; a wrong one, or a wrong token, is a `BenchError`."""
        others = self._rules.add()
        if others:
            self._log(f"X also filters by rules of others ({others}): their posts come too, see the column 'rules'")

    def read(self, put: Put, start: int, stopped: Event) -> None:
        """Put each line until stopped; `start` does not apply. What no wait mends is a `BenchError`."""
        self._client.put, self._client.received, self._client.stopped = put, self._received, stopped
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
            self._log(f"the rules that were added are still there: {error}")

    def _received(self) -> None:
        self._received_at = time.monotonic()
        self._backoff.reset()
        self.status = "connected"

    def _backfill(self) -> int:
        """All that X allows at the start, when nobody knows what was in flight; then the minutes missed."""
        if self._received_at is None:
            return self._settings.backfill
        missed = (time.monotonic() - self._received_at) / (60 * self._settings.scale)
        return min(self._settings.backfill, 1 + int(missed))

    def _wait(self, ending: Ending) -> float:
        if ending.status is None:
            self.status = "connection lost"
            return self._backoff.network()
        if ending.status in HOPELESS:
            raise BenchError(ending.message)
        wait = self._backoff.http(ending.status, ending.headers)
        self.status = f"waiting {wait:.0f} s after {ending.status}"
        self._log(f"{ending.message}; next try in {wait:.1f} s")
        return wait
