"""Rate limits, by the address of a client."""

from __future__ import annotations

import ipaddress
import time
from dataclasses import dataclass

CLIENTS = 10_000
"""Clients that are remembered; the one that was idle longest is forgotten first."""


@dataclass
class _Bucket:
    """A token bucket: `burst` at once, `rate` a second in the long run."""

    tokens: float
    at: float


class Rates:
    """What each client may have. Nothing is stored of any where the rate is 0: then there is no bound."""

    def __init__(self, rate: float, burst: int) -> None:
        """`rate` a second, `burst` at once."""
        self.rate, self.burst = rate, float(burst)
        self._buckets: dict[str, _Bucket] = {}

    def wait(self, client: str) -> float:
        """Seconds until the next request of this client is allowed, 0 for now."""
        return max(0.0, (1 - self._bucket(client).tokens) / self.rate) if self.rate else 0.0

    def take(self, client: str, n: int) -> None:
        """Count what a client got, which may be more than it has left: then it waits for longer."""
        if self.rate:
            self._bucket(client).tokens -= n

    def _bucket(self, client: str) -> _Bucket:
        now, name = time.monotonic(), _network(client)
        bucket = self._buckets.pop(name, None) or _Bucket(self.burst, now)
        bucket.tokens = min(self.burst, bucket.tokens + self.rate * (now - bucket.at))
        bucket.at = now
        if len(self._buckets) >= CLIENTS:
            del self._buckets[next(iter(self._buckets))]
        self._buckets[name] = bucket
        return bucket


def _network(client: str) -> str:
    """An IPv6 client has 2⁶⁴ addresses or more: its network counts."""
    if ":" not in client:
        return client
    try:
        return str(ipaddress.ip_network((client.partition("%")[0], 64), strict=False))
    except ValueError:
        return client
