"""Names as short as a figure needs them, never cut inside a word."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import combinations

SEPARATOR = " · "
WIDTH = 45
"""Characters of a name in a figure."""
ELLIPSIS = "…"


def brief(title: str, parts: Sequence[str], taken: Collection[str]) -> str:
    """The title where it is short enough; else its name with as many tags as fit, the last ones first.

    What comes out is none of `taken`, the names of others.
    """
    if len(title) <= WIDTH:
        return title
    shorter = (text for text in _fewer(parts) if len(text) <= WIDTH)
    found = next((text for text in shorter if text not in taken), None) or cut(title, WIDTH)
    number = 2
    while found in taken:
        found, number = f"{cut(title, WIDTH - 4)} ({number})", number + 1
    return found


def _fewer(parts: Sequence[str]) -> Iterator[str]:
    """The first part and some of the others, the most first; an ellipsis where one is left out."""
    name, *tags = parts
    places = range(len(tags) - 1, -1, -1)
    for kept in range(len(tags) - 1, -1, -1):
        for some in combinations(places, kept):
            told = [tag if i in some else ELLIPSIS for i, tag in enumerate(tags)]
            yield SEPARATOR.join([name, *(t for i, t in enumerate(told) if t != ELLIPSIS or told[i - 1 : i] != [t])])


def cut(text: str, width: int) -> str:
    """At the end of a word, or behind a hyphen, slash or underscore of one; only a single longer word is cut itself."""
    if len(text) <= width:
        return text
    found = ""
    for piece in re.findall(r"[^\s\-/_]*[\s\-/_]*", text):
        if len((found + piece).rstrip()) > width - 1:
            break
        found += piece
    return (found.rstrip(" ·+(-/_") or text[: width - 1]) + ELLIPSIS
