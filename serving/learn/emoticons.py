"""Weak labels: the polarity that an emoticon gives to the text around it, and how often that is wrong.

Go, Bhayani and Huang ("Twitter Sentiment Classification using Distant Supervision", 2009) train on such labels with the
emoticon taken out, as here. An emoji is in the map where at least half of the tweets that hold it bear that label in
the Emoji Sentiment Ranking (Kralj Novak et al., "Sentiment of Emojis", PLoS ONE 10(12), 2015: 83 annotators, 13
languages) and 250 tweets or more hold it; so 😂 (47 % positive), 😭 (44 % negative) and 💔 (41 %) are not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.api import BenchError, Probabilities, Split

POSITIVE, NEGATIVE = "positive", "negative"
EMOJI = {POSITIVE: "❤♥😍😘😊👌💕👏😁👍😄😃🎉😀", NEGATIVE: "😩😒😡😕😠😣😑"}
TYPED = {POSITIVE: r"[:=]-?\)+|[:=]-?D+|;-?\)+", NEGATIVE: r"[:=]'?-?\(+"}
"""Typed ones count where no letter, digit, colon or slash touches them, which may make them part of something else."""
PUBLISHED = {POSITIVE: (2_782, 10_383, 31_094), NEGATIVE: (2_960, 918, 1_269)}
"""Tweets of the Ranking with an emoji of the map, by their label: negative, neutral, positive."""
MIN_TEXTS = 50
"""Training texts with an emoticon of a polarity from which on its noise is measured."""
_PATTERNS = {
    polarity: re.compile(
        rf"(?<![\w:/])(?:{TYPED[polarity]})(?![\w/])|[{EMOJI[polarity]}][\ufe0f\U0001f3fb-\U0001f3ff]?"
    )
    for polarity in (POSITIVE, NEGATIVE)
}


def weak_label(text: str) -> tuple[str, str] | None:
    """The text without its emoticons, and their polarity; None without any, with both kinds, or with nothing else."""
    polarities = [polarity for polarity, pattern in _PATTERNS.items() if pattern.search(text)]
    if len(polarities) != 1:
        return None
    plain = " ".join(_PATTERNS[polarities[0]].sub(" ", text).split())
    return (plain, polarities[0]) if plain else None


@dataclass(frozen=True)
class Noise:
    """How reliable the label of one polarity's emoticons is."""

    polarity: str
    texts: int
    """Training texts with such an emoticon."""
    wrong: float
    """The share of them whose label is not of that polarity, or the published one where they are too few."""
    measured: bool
    target: Probabilities
    """The target of a weak row, float32 [n_labels], 1 - wrong of it on labels of its polarity.

    As measured, so that it is the share of each label; else spread evenly on both sides.
    """

    def summary(self) -> str:
        """In one line."""
        if self.measured:
            return f"{self.polarity} emoticons: {self.wrong:.1%} wrong, on {self.texts:,} training texts with one"
        return (
            f"{self.polarity} emoticons: {self.wrong:.1%} wrong, as published (Kralj Novak et al., 2015); only "
            f"{self.texts} training texts have one, and {MIN_TEXTS} are needed to measure it"
        )


def measure(train: Split) -> dict[str, Noise]:
    """The noise of each polarity on the labelled texts of a split; a `BenchError` for labels without polarity."""
    names = [name.lower() for name in train.label_names]
    if not {POSITIVE, NEGATIVE} <= set(names):
        raise BenchError(
            f"emoticons are positive or negative; the labels are {', '.join(train.label_names)}: "
            "leave --weak-emoticons out"
        )
    counts = {polarity: np.zeros(len(names)) for polarity in _PATTERNS}
    for text, label in zip(train.texts, train.labels.tolist(), strict=True):
        weak = weak_label(text)
        if weak is not None:
            counts[weak[1]][label] += 1
    return {polarity: _noise(polarity, names, count) for polarity, count in counts.items()}


def _noise(polarity: str, names: Sequence[str], count: np.ndarray) -> Noise:
    texts = int(count.sum())
    right = np.array([polarity in name for name in names])  # "extremely positive" is
    if texts >= MIN_TEXTS:
        target = (count / texts).astype(np.float32)
        return Noise(polarity, texts, float(target[~right].sum()), True, target)
    wrong = published(polarity, neutral="neutral" in names)
    target = np.where(right, (1.0 - wrong) / right.sum(), wrong / (~right).sum()).astype(np.float32)
    return Noise(polarity, texts, wrong, False, target)


def published(polarity: str, neutral: bool) -> float:
    """The share of tweets with such an emoji that bear another label; neutral ones count where that is a label."""
    negative, between, positive = PUBLISHED[polarity]
    right = positive if polarity == POSITIVE else negative
    return 1.0 - right / (negative + positive + (between if neutral else 0))
