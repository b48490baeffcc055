"""Text normalizations, each a function of one text, versioned by name: the same at training and at serving."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from bench.errors import BenchError, did_you_mean

_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_MENTION = re.compile(r"(?<!\w)@\w+")
_ELONGATED = re.compile(r"(.)\1{3,}")
_SPACE = re.compile(r"\s+")


def _none(text: str) -> str:
    return text


def _breaks(text: str) -> str:
    return _SPACE.sub(" ", _BREAK.sub(" ", text)).strip()


def _plain(text: str) -> str:
    """Mentions and links to one word each, HTML unescaped, long runs of a letter cut to three; stop words stay."""
    text = html.unescape(_BREAK.sub(" ", text))
    text = _MENTION.sub("@user", _URL.sub("http", text))
    return _SPACE.sub(" ", _ELONGATED.sub(r"\1\1\1", text)).strip()


NORMALIZATIONS: dict[str, Callable[[str], str]] = {"none": _none, "breaks-1": _breaks, "plain-1": _plain}


def normalizer(name: str) -> Callable[[str], str]:
    """The normalization of that name; an unknown name is an error with the nearest right one."""
    if name not in NORMALIZATIONS:
        raise BenchError(f"unknown normalization '{name}': {did_you_mean(name, NORMALIZATIONS)}")
    return NORMALIZATIONS[name]
