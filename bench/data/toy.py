"""`toy`: short synthetic tweets from a seeded grammar, so that tests and a first run need no data and no network.

Three labels. Word order matters (negation turns a word over, what follows "but" decides), and 5 % of the labels are
noise, so nothing honest scores 100 %. No figure on it means anything for real tweets.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from bench.data.duplicates import normalized
from bench.data.manifest import ToyLayout

if TYPE_CHECKING:
    from bench.data.readers.base import Files, Opener, Row

SIZES = {"train": 2400, "validation": 400, "test": 800}
NOISE = 0.05
LABELS = ("negative", "neutral", "positive")
_WORDS = Path(__file__).parent / "toy_words.yaml"


def read_toy(layout: ToyLayout, files: Files, open_file: Opener) -> Iterator[Row]:
    """All rows of all splits, always the same."""
    seen: set[str] = set()
    for split, size in SIZES.items():
        grammar = _Grammar(f"sentibench toy {split}")
        for _ in range(size):
            label = grammar.random.choice(LABELS)
            text = _new_tweet(grammar, label, seen)
            if grammar.happens(NOISE):
                label = grammar.random.choice([other for other in LABELS if other != label])
            yield split, text, label


def _new_tweet(grammar: _Grammar, label: str, seen: set[str]) -> str:
    """A tweet unlike all before it, normalized: `toy` has no duplicates and no leaks."""
    while True:
        text = grammar.tweet(label)
        key = normalized(text)
        if key not in seen:
            seen.add(key)
            return text


@lru_cache
def _words() -> dict[str, Any]:
    words: dict[str, Any] = yaml.safe_load(_WORDS.read_text(encoding="utf-8"))
    return words


class _Grammar:
    """What a tweet of a label can be."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)

    def happens(self, chance: float) -> bool:
        return self.random.random() < chance

    def pick(self, *kinds: str) -> str:
        words: Any = _words()
        for kind in kinds:
            words = words[kind]
        return str(self.random.choice(words))

    def tweet(self, label: str) -> str:
        parts = [self.statement(label)]
        if self.happens(0.25):
            parts.insert(0, "@" + self.pick("users"))
        if self.happens(0.25):
            # An emoji of another mood now and then, as sarcasm has it.
            mood = label if self.happens(0.85) else self.random.choice(LABELS)
            parts.append(self.pick("emoji", mood))
        if self.happens(0.3):
            parts.append(self.pick("tags", label) if self.happens(0.4) else self.pick("any_tags"))
        if self.happens(0.15):
            parts.append(f"https://t.co/{self.random.randrange(16**4):04x}")
        return " ".join(parts)

    def statement(self, label: str) -> str:
        if label == "neutral":
            return self.fact() if self.happens(0.55) else self.clause(label)
        kind = self.random.random()
        if kind < 0.15:
            other = "negative" if label == "positive" else "positive"
            return f"{self.clause(other)} {self.pick('contrast')} {self.clause(label)}"
        if kind < 0.35:
            return f"{self.pick('things')} {self.pick('places')}, {self.pick('endings', label)}"
        return self.clause(label) + self.random.choice(["", "", "!", "!!", "...", " " + self.pick("places")])

    def fact(self) -> str:
        n = self.random.randrange(2, 90)
        return self.pick("facts").format(thing=self.pick("things"), place=self.pick("places"), n=n)

    def clause(self, label: str) -> str:
        """`<thing> was [not] [very] <word>`; a negated word stands for its opposite."""
        start = f"{self.pick('things')} {self.pick('verbs')}"
        if label == "neutral":
            return " ".join(f"{start} {self.pick('less')} {self.pick('plain')}".split())
        word, opposite = ("good", "bad") if label == "positive" else ("bad", "good")
        if self.happens(0.25):
            return f"{start} {self.pick('not')} {self.random.choice(['', 'that ', 'very '])}{self.pick(opposite)}"
        mood = self.elongated(self.pick(word)) if self.happens(0.2) else self.pick(word)
        return f"{start} {self.pick('very')} {mood}" if self.happens(0.4) else f"{start} {mood}"

    def elongated(self, word: str) -> str:
        at = self.random.choice([i for i, letter in enumerate(word) if letter in "aeiou"])
        return word[:at] + word[at] * self.random.randint(3, 6) + word[at + 1 :]
