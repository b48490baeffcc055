"""Tweets of several labels each, as a file too."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import numpy as np

from bench.api import Split

WORDS = {"anger": "furious hate", "joy": "happy great", "sadness": "sad tears"}
NAMES = tuple(sorted(WORDS))
SEPARATED = ("--label-separator", "|")


def tweet(drawn: random.Random) -> tuple[str, list[str]]:
    """Each label has words of its own; one in six has none of either."""
    labels = drawn.sample(sorted(WORDS), drawn.choice([0, 1, 1, 1, 2, 2]))
    told = [drawn.choice(WORDS[label].split()) for label in labels]
    return " ".join([*told, *drawn.sample(["bus", "home", "rain", "tea", "work"], 3)]), labels


def tweets(rows: int, seed: int) -> Split:
    """That many, labels 0 or 1 of each name."""
    drawn = random.Random(seed)
    made = [tweet(drawn) for _ in range(rows)]
    labels = [[int(name in names) for name in NAMES] for _, names in made]
    return Split([str(i) for i in range(rows)], [text for text, _ in made], np.array(labels).reshape(-1, 3), NAMES)


def write_tweets(path: Path, n: int = 400) -> None:
    """A CSV of distinct ones."""
    drawn = random.Random(1)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        for i in range(n):
            text, labels = tweet(drawn)
            writer.writerow([f"{text} {i}", "|".join(labels)])
