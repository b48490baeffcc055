"""What a language model is asked, and which label its answer is."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from bench.api import BenchError, Split

MAX_CHARACTERS = 6000
"""Of a text that are sent."""
Messages = list[dict[str, str]]


def shots(train: Split, per_label: int, seed: int) -> Messages:
    """That many texts of each label with their labels, drawn by the seed and mixed, as a conversation."""
    drawn = np.random.default_rng(seed).permutation(len(train))
    kept = {int(i) for label in np.unique(train.labels) for i in drawn[train.labels[drawn] == label][:per_label]}
    asked = [(train.texts[i], train.label_names[train.labels[i]]) for i in drawn if int(i) in kept]
    return [m for text, label in asked for m in (_said("user", text), {"role": "assistant", "content": label})]


def instructions(prompt: str, label_names: Sequence[str]) -> Messages:
    """The system's message. Raises `BenchError` where the prompt does not name the labels."""
    if "{labels}" not in prompt:
        raise BenchError("prompt: write {labels} where the labels go")
    return [{"role": "system", "content": prompt.replace("{labels}", ", ".join(label_names))}]


def asked(before: Messages, text: str) -> Messages:
    """The whole conversation about a text."""
    return [*before, _said("user", text)]


def label_of(answer: str, label_names: Sequence[str]) -> int | None:
    """The one label that an answer names, by number; None for none, for several, and for another language."""
    found, rest = set(), _words(answer)
    for number, name in sorted(enumerate(label_names), key=lambda pair: -len(pair[1])):
        without = re.sub(rf"(?<!\w){re.escape(_words(name))}(?!\w)", " ", rest)
        if without != rest:  # the longest first: `very negative` is not `negative` as well
            found.add(number)
            rest = without
    return found.pop() if len(found) == 1 else None


def _words(text: str) -> str:
    return " ".join(re.split(r"[\W_]+", text.casefold())).strip()


def _said(role: str, text: str) -> dict[str, str]:
    clean = text[:MAX_CHARACTERS].encode("utf-8", "replace").decode()  # half of an emoji is no UTF-8
    return {"role": role, "content": clean}
