"""A lease that is held: renewed while its process lives and moves, lost to others when it does not."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.errors import StoreError, StoreInUseError
from bench.locks import Note, signature
from bench.shared import remote
from bench.shared.remote import Remote


class Lease:
    """One that was taken; another thread renews it."""

    def __init__(self, server: Remote, name: str) -> None:
        self._server, self._name = server, name
        self._token, self._holder = secrets.token_hex(8), signature()
        self._ended = threading.Event()

    def take(self, wait: Note | None) -> None:
        """A `StoreInUseError` that names who has it; with `wait` that line is told, and it is waited for."""
        told = False
        while (holder := self._server.take(self._name, self._token, self._holder)) is not None:
            busy = f"in use by {holder}"
            if wait is None:
                raise StoreInUseError(busy)
            if not told:
                wait(busy)
            told = True
            time.sleep(remote.LEASE_SECONDS / 30)
        threading.Thread(target=self._keep, daemon=True, name=f"lease {self._name}").start()

    def confirm(self) -> None:
        """Before what counts is written: a `StoreInUseError` where another one has it since this process hung."""
        if not self._server.renew(self._name, self._token, self._holder):
            raise StoreInUseError(f"{self._name} was lost to another command while this one gave no sign of life")

    def release(self) -> None:
        """Give it back; where the server is not reached it ends by itself."""
        self._ended.set()
        try:
            self._server.release(self._name, self._token)
        except StoreError:
            return

    def _keep(self) -> None:
        while not self._ended.wait(remote.LEASE_SECONDS / 4):
            try:
                if not self._server.renew(self._name, self._token, self._holder):
                    return
            except StoreError:
                continue  # the server may be back before the lease ends


@contextmanager
def leased(server: Remote, name: str, wait: Note | None) -> Iterator[Lease]:
    """Hold a lease."""
    lease = Lease(server, name)
    lease.take(wait)
    try:
        yield lease
    finally:
        lease.release()
