"""Which texts are in which slice: by what can be seen in a text, and by the words of the training texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import yaml

from bench.letters import LETTERS

WORDS = Path(__file__).parent / "words.yaml"
_WORD = re.compile(rf"{LETTERS}(?:['’]{LETTERS})?")
_PATTERNS = {
    "emoji": re.compile("[\U0001f300-\U0001faff\u2600-\u27bf]"),
    "emoticon": re.compile(r"(?<!\w)(?:[:;=8][-'o^]?[)(\]\[dDpP/\\|*3]|<3|\(:|\^_\^|:'\()(?!\w)"),
    "hashtag": re.compile(r"#\w"),
    "mention": re.compile(r"@\w"),
    "link": re.compile(r"https?:|www\."),
    "question": re.compile(r"\?"),
    "exclamation": re.compile(r"!"),
    "capitals": re.compile(r"\b[A-Z]{3,}\b"),
    "elongation": re.compile(r"([a-zA-Z])\1\1"),
    "number": re.compile(r"\d"),
}
KNOWN_FROM = 2
"""Times that a word stands in the training texts to be one that a model can have learned."""
UNKNOWN_SHARE, FOREIGN_SHARE = 0.2, 0.2
SHORT, LONG = 0.1, 0.9
"""Quantiles of the length in words."""

Members = Mapping[str, npt.NDArray[np.bool_]]
"""By slice, which texts are in it, [n]."""


@lru_cache
def word_lists() -> dict[str, frozenset[str]]:
    """The slices that single words tell."""
    listed = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    return {name: frozenset(words) for name, words in listed.items()}


def members(texts: Sequence[str], train: Sequence[str]) -> Members:
    """The slices of `texts`; `train` are the training texts, whose words are known."""
    words = [[word.lower() for word in _WORD.findall(text)] for text in texts]
    lengths = np.array([len(some) for some in words])
    short, long = np.quantile(lengths, [SHORT, LONG])
    known = _known(train)

    found = {f"at most {short:.0f} words": lengths <= short, f"at least {long:.0f} words": lengths >= long}
    for name, listed in word_lists().items():
        found[name] = np.array([_has(some, listed, name) for some in words])
    for name, pattern in _PATTERNS.items():
        found[name] = np.array([bool(pattern.search(text)) for text in texts])
    unknown = [_share([word not in known for word in some]) for some in words]
    foreign = [_share([not letter.isascii() for letter in text if letter.isalpha()]) for text in texts]
    found["unknown words"] = np.array(unknown) > UNKNOWN_SHARE
    found["other scripts"] = np.array(foreign) > FOREIGN_SHARE
    return found


def _known(train: Sequence[str]) -> set[str]:
    counts = Counter(word for text in train for word in {word.lower() for word in _WORD.findall(text)})
    return {word for word, count in counts.items() if count >= KNOWN_FROM}


def _has(words: Sequence[str], listed: frozenset[str], name: str) -> bool:
    negated = name == "negation" and any(word.endswith(("n't", "n’t")) for word in words)
    return negated or any(word in listed for word in words)


def _share(tests: Sequence[bool]) -> float:
    return sum(tests) / len(tests) if tests else 0.0
