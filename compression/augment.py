"""Altered copies of texts: words left out, replaced and swapped (after Tang et al., 2019, and Wei and Zou, 2019)."""

from __future__ import annotations

import numpy as np

from bench.api import Split


def augmented(split: Split, copies: int, rate: float, seed: int) -> Split:
    """`copies` altered copies of each text, with its label; the same ones for the same seed.

    Each word is altered with probability `rate`: left out, replaced by a word of any of the texts (each as likely as it
    is frequent there), or swapped with the next, one as likely as the other. The teacher then labels
    each copy, so that an altered meaning is an altered label.
    """
    random = np.random.default_rng(seed)
    words = [word for text in split.texts for word in text.split()]
    texts = [_altered(text.split(), words, rate, random) for _ in range(copies) for text in split.texts]
    ids = [f"{row}-copy-{copy}" for copy in range(copies) for row in split.ids]
    return Split(ids, texts, np.concatenate([split.labels] * copies), split.label_names)


def _altered(text: list[str], words: list[str], rate: float, random: np.random.Generator) -> str:
    """The words of a text, some of them altered; the first stays where all others go."""
    first = text[:1]
    draws = random.random(len(text))
    for place in np.flatnonzero(draws < rate):
        kind = int(3 * draws[place] / rate)  # below the rate a draw is even too
        if kind == 0:
            text[place] = ""
        elif kind == 1:
            text[place] = words[random.integers(len(words))]
        elif place + 1 < len(text):
            text[place], text[place + 1] = text[place + 1], text[place]
    return " ".join([word for word in text if word] or first)
