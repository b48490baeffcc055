"""The errors a user can cause or meet, each one line: what, where, the nearest right name, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

NEGATIVE_VERDICT = 1
WRONG_USAGE = 2
SOME_RUNS_FAILED = 3
NOTHING_RAN = 4


class BenchError(Exception):
    """A one-line error for the user; the command line prints it and exits with `exit_code`."""

    exit_code = WRONG_USAGE


class DataError(BenchError):
    """A data set that is missing, altered, malformed or unusable."""


class StoreError(BenchError):
    """A store that cannot be read or written; what it already holds is left as it is."""


class StoreInUseError(StoreError):
    """Another command writes to the store: it can be waited for."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The tail of an error about an unknown name: the nearest right one, else all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if near:
        return f"did you mean '{near[0]}'?"
    return "known: " + ", ".join(names) if names else "none is known"
