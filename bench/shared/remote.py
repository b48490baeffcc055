"""What a kind of shared store offers: results, leases, and objects for artifacts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Protocol

from bench.shared.objects import Objects

RESULT = "result.json"
LEASE_SECONDS = 60.0
"""Without a sign of life from its holder a lease ends, by the clock of the server."""


class Remote(Protocol):
    """A server that writers on many machines share. Whatever it cannot do is a `StoreError` in one line."""

    place: str
    """Its URL."""
    artifacts: Objects
    """Where artifacts lie, the records of their trainings, and the ids and labels of published splits."""

    def versions(self) -> dict[str, str]:
        """All runs that have a result, each with what changes whenever that does; one question to the server."""

    def documents(self, run_ids: Collection[str]) -> Iterator[tuple[str, str, bytes]]:
        """Run, version and `result.json` of those that there are, many at a time."""

    def file(self, run_id: str, name: str) -> bytes | None:
        """Another file of a run, None where it has none of that name."""

    def write(self, run_id: str, files: Mapping[str, bytes]) -> str:
        """Store files of a run, which count when this returns; gives the version. Others of the run stay."""

    def remove(self, run_id: str) -> None:
        """Remove a run, if it is there."""

    def take(self, lease: str, token: str, holder: str) -> str | None:
        """Take a lease that nobody has, or whose holder gave no sign of life; else who has it. `token` is secret."""

    def renew(self, lease: str, token: str, holder: str) -> bool:
        """Give a sign of life; False where another one has taken it."""

    def release(self, lease: str, token: str) -> None:
        """Give a lease back, if it is still held by that token."""

    def sweep(self) -> None:
        """Remove the leases of those that gave no sign of life."""
