r"""Words of every script, as patterns of `re`: letters with the marks that belong to them.

`\w` of `re` leaves out marks, as the vowel signs of Devanagari and Thai and the accents that stand beside their letter;
Unicode counts them to a word (UAX #29). So a word is never cut at one.
"""

from __future__ import annotations

import unicodedata
from itertools import groupby

SELECTORS = range(0xFE00, 0xFE10)
"""Variation selectors: marks of emoji."""


def _marks() -> str:
    """Non-spacing and spacing marks (Mn, Mc), as the inside of a class of characters."""
    codes = [
        code for code in range(0x300, 0x20000)
        if code not in SELECTORS and unicodedata.category(chr(code)) in ("Mn", "Mc")
    ]  # fmt: skip
    runs = [[code for _, code in run] for _, run in groupby(enumerate(codes), lambda pair: pair[1] - pair[0])]
    return "".join(f"{chr(run[0])}-{chr(run[-1])}" for run in runs)


MARKS = _marks()
WORD = rf"\w+(?:[{MARKS}]+\w*)*"
"""Letters, digits and underscores."""
LETTERS = rf"[^\W\d_]+(?:[{MARKS}]+[^\W\d_]*)*"
"""Letters alone."""
