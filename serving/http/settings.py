"""What a server allows, and how it batches."""

from __future__ import annotations

from dataclasses import dataclass

from serving.answering import PLAIN, Answering


@dataclass(frozen=True)
class Settings:
    """Bounds of a server; each keeps it answering when more comes than it can do."""

    max_batch: int = 64
    """Texts that go through the model at once; a request of more goes in parts, between which others come."""
    max_wait_ms: float = 1.0
    """How long a batch waits for more requests where the last one held several; a lone request never waits."""
    max_queue: int = 2048
    """Texts that may wait; more are refused with 503."""
    timeout_s: float = 10.0
    """How long a client may take to send its headers, then its body (408), how long it may wait for its answer (503),
    and how long it may take to read that."""
    max_body_bytes: int = 2_000_000
    """Of a request; more is refused with 413."""
    max_texts: int = 512
    """Texts of a request."""
    max_connections: int = 1_000
    """At once; above that the one that has been idle longest is closed."""
    rate_per_s: float = 0.0
    """Texts that go through the model a second for one client, in the long run; 0 for any. A request is worth one at
    least, and one that explains a text as many as it takes. More are refused with 429."""
    burst: int = 50
    """The same at once."""
    api_key: str | None = None
    """What `X-API-Key` or a bearer token must be; None for an open server."""
    hosts: frozenset[str] | None = None
    """The names in `Host` that are answered; None for any."""
    answering: Answering = PLAIN
    """What an answer says beyond label and probabilities."""
