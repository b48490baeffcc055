"""What a server allows, and how it batches."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Bounds of a server; each keeps it answering when more is asked than it can do."""

    max_batch: int = 64
    """Texts that go through the model at once."""
    max_wait_ms: float = 1.0
    """How long a batch waits for more requests where the last one held several; a lone request never waits."""
    max_queue: int = 2048
    """Texts that may wait; more are refused with 503."""
    timeout_s: float = 10.0
    """How long a request may wait for its answer, which is then 503."""
    max_body_bytes: int = 2_000_000
    """Of a request; more is refused with 413."""
    max_texts: int = 512
    """Texts of a request."""
    rate_per_s: float = 0.0
    """Requests that one client may send a second, in the long run; 0 for any. More are refused with 429."""
    burst: int = 50
    """Requests that a client may send at once."""
    api_key: str | None = None
    """What `X-API-Key` or a bearer token must be; None for an open server."""
