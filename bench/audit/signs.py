"""Signs in a text that a program could have made a label of: a lexicon's score, emoticons, hashtags, words, length."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt

from bench.lexicon import Vader
from bench.normalize import normalizer

Numbers = npt.NDArray[np.float64]
"""One number a text, float64 [n_texts]."""

_HASHTAG = re.compile(r"#\w+")
_EMOTICON = re.compile(
    r"(?<![\w:/])(?:[:;=8xX][-'o^]?[)(\]\[dDpP/\\|*3]+|<3+|[)(\]\[]+[-']?[:;=])(?!\w)"
    r"|[\u2600-\u27bf\U0001f300-\U0001faff]"
)


@dataclass(frozen=True)
class Sign:
    """A number or a set of words of each text."""

    name: str
    numbers: Callable[[Sequence[str]], Numbers] | None = None
    words: Callable[[str], list[str]] | None = None
    """The words that count, where it is no number."""


def signs() -> list[Sign]:
    """All that is tried; the lexicon where it is installed."""
    return [
        *(_lexicon_signs() if find_spec("vaderSentiment") else []),
        Sign("emoticons and emoji", words=_EMOTICON.findall),
        Sign("hashtags", words=lambda text: _HASHTAG.findall(text.lower())),
        Sign("a few words", words=lambda text: re.findall(r"[^\W\d_]+(?:'\w+)?", text.lower())),
        Sign("length in characters", lambda texts: np.array([len(text) for text in texts], np.float64)),
    ]


def _lexicon_signs() -> list[Sign]:
    return [
        Sign("the VADER lexicon", lexicon("none")),
        Sign("the VADER lexicon, without links, mentions, hashtags and punctuation", lexicon("bare-1")),
    ]


def lexicon(normalization: str) -> Callable[[Sequence[str]], Numbers]:
    """VADER's compound score, −1 to 1, of each text as that normalization leaves it."""

    def scores(texts: Sequence[str]) -> Numbers:
        return Vader()([*map(normalizer(normalization), texts)])

    return scores
