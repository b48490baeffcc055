"""Real training data in no time: sentences from templates, three labels, negation that hides from bags of words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bench.api import Split

GOOD = ("good", "great", "lovely", "brilliant", "fun", ":-)", "😀", "wonderful")
BAD = ("bad", "awful", "boring", "dreadful", "sad", ":-(", "😡", "terrible")
THINGS = ("film", "meal", "trip", "#HappyDay", "phone", "book", "@somebody", "song")
LABELS = ("negative", "neutral", "positive")


def sentence(label: int, random: np.random.Generator) -> str:
    """One sentence of that label."""
    thing = random.choice(THINGS)
    if label == 1:
        return f"the {thing} was at {random.integers(1, 12)} http://t.co/{random.integers(1000)}"
    same, other = (GOOD, BAD) if label == 2 else (BAD, GOOD)
    if random.random() < 0.25:
        return f"the {thing} was not {random.choice(other)} but {random.choice(same)}!!!"
    return f"{random.choice(('the', 'my', 'this'))} {thing} was {random.choice(same)}"


def turned(right: Split) -> Split:
    """The same sentences under wrong labels: who learns from one of the two gets worse on the other."""
    return replace(right, labels=(right.labels + 1) % len(right.label_names))


def log_loss(split: Split, probabilities: np.ndarray) -> float:
    """Mean over the texts, in nats."""
    return float(-np.log(probabilities[np.arange(len(split)), split.labels]).mean())


def split(rows: int, seed: int, labels: tuple[str, ...] = LABELS) -> Split:
    """That many sentences, the labels in turn."""
    random = np.random.default_rng(seed)
    numbers = [(row % len(labels)) * (1 if len(labels) == 3 else 2) for row in range(rows)]
    texts = [sentence(number, random) for number in numbers]
    return Split([str(row) for row in range(rows)], texts, np.arange(rows, dtype=np.int64) % len(labels), labels)
