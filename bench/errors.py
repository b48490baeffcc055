"""The errors a user can cause or meet, each one line: what, where, the nearest right name, what to do."""

from __future__ import annotations

import difflib
import functools
import warnings
from collections.abc import Iterable

NEGATIVE_VERDICT = 1
WRONG_USAGE = 2
SOME_RUNS_FAILED = 3
NOTHING_RAN = 4
INTERRUPTED = 130
"""128 + SIGINT, as shells have it."""


class BenchError(Exception):
    """A one-line error for the user; `bench.entry.command_line` prints it and exits with `exit_code`."""

    exit_code = WRONG_USAGE


class DataError(BenchError):
    """A data set that is missing, altered, malformed or unusable."""


class StoreError(BenchError):
    """A store that cannot be read or written; what it already holds is left as it is."""


class NewerVersionError(BenchError):
    """Something that newer software has written: in order, but not readable here."""


class StoreInUseError(StoreError):
    """Another command writes to the store: it can be waited for."""


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """The tail of an error about an unknown name: the nearest right one, else all of them."""
    names = sorted(candidates)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if near:
        return f"did you mean '{near[0]}'?"
    return "available: " + ", ".join(names) if names else "none is available"


def one_line(message: object, limit: int = 200) -> str:
    """Text or an error in one printable line of at most `limit` characters; a foreign error with its type."""
    foreign = isinstance(message, BaseException) and not isinstance(message, BenchError)
    text = f"{type(message).__name__}: {message}" if foreign else str(message)
    line = " ".join(text.split())
    return "".join(letter if letter.isprintable() else "?" for letter in line)[:limit]


def warn_skipped(what: str, why: BenchError) -> None:
    """Something stored that a command does without: reported once a command, wherever it is met."""
    newer = isinstance(why, NewerVersionError)
    advice = "" if newer else "; make it again, or `python -m bench doctor --repair` moves it aside"
    _warn_once(f"{what} skipped: {one_line(why, 400)}{advice}")


@functools.cache
def _warn_once(line: str) -> None:
    """Python forgets what it has warned of whenever somebody touches the filters."""
    warnings.warn(line, stacklevel=1)
