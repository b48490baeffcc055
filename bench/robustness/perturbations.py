"""Small changes of a text that leave its sentiment as it is; each is the same for the same text always."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping

_WORD = re.compile(r"[A-Za-z]{4,}")
_VOWELS = re.compile(r"[aeiouAEIOU](?=[a-z]*\b)")
_PUNCTUATION = re.compile(r"(?<=\w)[.,;:!?]+(?=\s|$)")
_EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf\ufe0f\u200d]+")
_PROTECTED = re.compile(r"(@\w+|#\w+|https?://\S+)")


def typo(text: str) -> str:
    """Two inner letters of one word of four letters or more change places; a text without such a word stays."""
    words = [match for part in _unprotected(text) for match in _WORD.finditer(text, *part)]
    chance = random.Random(text.encode("utf-8", "surrogatepass"))  # the same change whenever it is asked for
    candidates = [(m, i) for m in words for i in range(m.start() + 1, m.end() - 2) if text[i] != text[i + 1]]
    if not candidates:
        return text
    _, i = chance.choice(candidates)
    return text[:i] + text[i + 1] + text[i] + text[i + 2 :]


def elongation(text: str) -> str:
    """The last vowel of the last word that has one is written four times: `so goood`."""
    for start, end in reversed(_unprotected(text)):
        vowels = list(_VOWELS.finditer(text, start, end))
        if vowels:
            at = vowels[-1].start()
            return text[:at] + text[at] * 4 + text[at + 1 :]
    return text


def upper_case(text: str) -> str:
    """All capitals, but for mentions and links."""
    return _outside(text, str.upper)


def lower_case(text: str) -> str:
    """No capitals, but in mentions and links."""
    return _outside(text, str.lower)


def no_punctuation(text: str) -> str:
    """Without the stops behind words; emoticons stay."""
    return _PUNCTUATION.sub("", text)


def no_emoji(text: str) -> str:
    """Without emoji."""
    return " ".join(_EMOJI.sub(" ", text).split()) if _EMOJI.search(text) else text


def mention(text: str) -> str:
    """Addressed to somebody."""
    return f"@maria {text}"


def link(text: str) -> str:
    """With a link behind it."""
    return f"{text} https://t.co/iFz9FAn2Pa"


def no_hashes(text: str) -> str:
    """Hashtags as plain words."""
    return re.sub(r"#(?=\w)", "", text)


PERTURBATIONS: Mapping[str, Callable[[str], str]] = {
    "typo": typo, "elongation": elongation, "upper case": upper_case, "lower case": lower_case,
    "no punctuation": no_punctuation, "no emoji": no_emoji, "mention": mention, "link": link, "no hashes": no_hashes,
}  # fmt: skip


def _unprotected(text: str) -> list[tuple[int, int]]:
    """The stretches between mentions, hashtags and links."""
    ends = [0, *(i for match in _PROTECTED.finditer(text) for i in match.span()), len(text)]
    return list(zip(ends[::2], ends[1::2], strict=True))


def _outside(text: str, change: Callable[[str], str]) -> str:
    parts = _PROTECTED.split(text)
    return "".join(part if i % 2 else change(part) for i, part in enumerate(parts))
