"""Whose machine it is: runs use it side by side, measuring has it alone, among the commands that share a store."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.locks import Note, hold
from bench.store import Store


@contextmanager
def machine_shared(store: Store, wait: Note) -> Iterator[None]:
    """Run something on this machine, once nobody measures on it or waits to."""
    with ExitStack() as stack:
        with hold(_next(store), shared=True, wait=wait):
            stack.enter_context(hold(_machine(store), shared=True, wait=wait))
        yield


@contextmanager
def machine_alone(store: Store, wait: Note) -> Iterator[None]:
    """Measure on this machine: what others have under way on it is waited for, and nothing begins meanwhile.

    A store has one measuring session at a time, whatever the machine.
    """
    with hold(store.locks / "measuring", wait=wait), hold(_next(store), wait=wait), hold(_machine(store), wait=wait):
        yield


def _machine(store: Store) -> Path:
    return store.locks / f"machine-{socket.gethostname()}"


def _next(store: Store) -> Path:
    """Held by the one that would measure, so that runs that follow one another do not keep it waiting for ever."""
    return store.locks / f"next-{socket.gethostname()}"
