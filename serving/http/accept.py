"""The media type that an `Accept` header prefers: RFC 9110, section 12.5.1."""

from __future__ import annotations

import re
from collections.abc import Sequence

WEIGHT = re.compile(r"\s*q\s*=\s*(0(\.\d*)?|1(\.0*)?)\s*", re.IGNORECASE)


def best(accept: str, offered: Sequence[str], aliases: dict[str, str]) -> str | None:
    """Of the types that are `offered`, the one with the highest weight; None where the header allows none.

    Of equals the one that is named, then the one that is named first, then the one that is offered first.
    """
    ranges = _ranges(accept, aliases)

    def preference(kind: str) -> tuple[float, int, int]:
        for rank, name in enumerate((kind, f"{kind.partition('/')[0]}/*", "*/*")):
            if name in ranges:
                weight, place = ranges[name]
                return weight, -rank, -place
        return 0.0, 0, 0

    chosen = max(offered, key=preference)
    return chosen if preference(chosen)[0] > 0 else None


def _ranges(accept: str, aliases: dict[str, str]) -> dict[str, tuple[float, int]]:
    """Weight, 0 to 1, and place of each range; a weight that is none counts as 0."""
    ranges: dict[str, tuple[float, int]] = {}
    for place, item in enumerate(accept.split(",")):
        name, *parameters = item.split(";")
        weights = [WEIGHT.fullmatch(text) for text in parameters if text.strip().lower().startswith("q")]
        weight = 1.0 if not weights else float(weights[0][1]) if weights[0] else 0.0
        kind = name.strip().lower()
        ranges.setdefault(aliases.get(kind, kind), (weight, place))
    return ranges
