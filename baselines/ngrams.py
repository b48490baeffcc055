"""How recipes write a range of n-gram lengths."""

from __future__ import annotations

import re

from bench.api import BenchError

_RANGE = re.compile(r"([1-9])-([1-9])")


def ngram_range(text: str, name: str) -> tuple[int, int] | None:
    """`"1-2"` as (1, 2); `"none"` as None; anything else is an error that names the parameter."""
    if text == "none":
        return None
    match = _RANGE.fullmatch(str(text))
    if match is None or int(match[1]) > int(match[2]):
        raise BenchError(f"{name}={text}: give the shortest and longest n-gram as in 1-2, or none")
    return int(match[1]), int(match[2])
