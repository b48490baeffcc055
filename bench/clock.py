"""When a run started: UTC, written so that text sorts as time does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far the clocks of two machines in order may lie apart."""


def _is_utc(text: str) -> str:
    time = datetime.fromisoformat(text)
    if time.utcoffset() != timedelta(0) or time.isoformat() != text:
        raise ValueError("no time in UTC like 2026-01-31T12:00:00+00:00")
    return text


Time = Annotated[str, AfterValidator(_is_utc)]
"""UTC, ISO 8601, written in one way, so that text sorts as time does."""


def utc_now() -> Time:
    """Now, with parts of a second, so that of two runs in one second the later is known."""
    return datetime.now(UTC).isoformat()


def order_in_time(started_at: str) -> str:
    """What rows are ordered by, oldest first: the date, empty for one in the future, which no clock in order wrote."""
    latest = (datetime.now(UTC) + CLOCKS_DIFFER).isoformat()
    return started_at if started_at <= latest else ""
