"""What a program could have made a label of: a lexicon's score, emoticons, hashtags, words, length, another column."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt

from bench.contract import Split
from bench.letters import LETTERS, WORD
from bench.lexicon import Vader
from bench.normalize import normalizer

Numbers = npt.NDArray[np.float64]
"""One number a row, float64 [n_rows]; NaN for none."""

_HASHTAG = re.compile(rf"#{WORD}")
_EMOTICON = re.compile(
    r"(?<![\w:/])(?:[:;=8xX][-'o^]?[)(\]\[dDpP/\\|*3]+|<3+|[)(\]\[]+[-']?[:;=])(?!\w)"
    r"|[\u2600-\u27bf\U0001f300-\U0001faff]"
)


WORDS = 20
PARSED = 0.9
"""The share of a column's values that are numbers, or dates, from which it is one of numbers, or of dates."""


@dataclass(frozen=True)
class Sign:
    """A number or a list of words of each row."""

    name: str
    numbers: Callable[[Split], Numbers] | None = None
    words: Callable[[Split], list[list[str]]] | None = None
    """The words that count, where it is no number."""
    cut: Callable[[float], str] = "{:.3g}".format
    """How a cut point is written."""
    most: int = WORDS
    """How many words a rule may look at."""


def signs() -> list[Sign]:
    """All that is tried; the lexicon where it is installed."""
    return [
        *(_lexicon_signs() if find_spec("vaderSentiment") else []),
        Sign("emoticons and emoji", words=_found(_EMOTICON.findall)),
        Sign("hashtags", words=_found(lambda text: _HASHTAG.findall(text.lower()))),
        Sign("a keyword", words=_found(_words), most=1),
        Sign("a few words", words=_found(_words)),
        Sign("length in characters", lambda split: np.array([len(text) for text in split.texts], np.float64)),
    ]


def column_signs(columns: Mapping[str, Mapping[str, str]]) -> list[Sign]:
    """A sign for each column of the file beside text and label; `columns` holds the value of each row by its id."""
    return [_column_sign(name, values) for name, values in columns.items()]


def _column_sign(name: str, values: Mapping[str, str]) -> Sign:
    """By cut points where nearly all of its values are numbers or dates, else by the values that tell most."""
    title = f"the column '{name}'"
    given = [value for value in values.values() if value]
    if _mostly(_number, given):
        return Sign(title, _numbers_of({row: _number(value) for row, value in values.items()}))
    if _mostly(_day, given):
        days = _numbers_of({row: _day(value) for row, value in values.items()})
        return Sign(title, days, cut=lambda day: date.fromordinal(math.ceil(day)).isoformat())
    return Sign(title, words=lambda split: [[values.get(row, "")] for row in split.ids])


def _mostly(parse: Callable[[str], float | None], values: Sequence[str]) -> bool:
    return sum(parse(value) is not None for value in values) >= PARSED * max(len(values), 1)


def _numbers_of(by_row: Mapping[str, float | None]) -> Callable[[Split], Numbers]:
    return lambda split: np.array([by_row.get(row) for row in split.ids], np.float64)  # None becomes NaN


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _day(value: str) -> float | None:
    try:
        return float(datetime.fromisoformat(value).toordinal())
    except ValueError:
        return None


def _words(text: str) -> list[str]:
    return re.findall(rf"{LETTERS}(?:'\w+)?", text.lower())


def _found(find: Callable[[str], list[str]]) -> Callable[[Split], list[list[str]]]:
    return lambda split: [find(text) for text in split.texts]


def _lexicon_signs() -> list[Sign]:
    return [
        Sign("the VADER lexicon", lexicon("none")),
        Sign("the VADER lexicon, without links, mentions, hashtags and punctuation", lexicon("bare-1")),
    ]


def lexicon(normalization: str) -> Callable[[Split], Numbers]:
    """VADER's compound score, −1 to 1, of each text as that normalization leaves it."""

    def scores(split: Split) -> Numbers:
        return Vader()([*map(normalizer(normalization), split.texts)])

    return scores
