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
_ESCAPES = re.compile(r"(?:\\u[0-9a-fA-F]{4})+")
_CONTROL = re.compile(r"[\x80-\x9f]")
_DOUBLE_ENCODED = re.compile(r"[\u00c2-\u00f4][\x80-\xbf]+")
_BARE_LINK = re.compile(r"https?://\S*|www\.\S+")
_HANDLE = re.compile(r"[@#]\w+")
_MARK = re.compile(r"[^0-9A-Za-z]+")
_TYPOGRAPHIC = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2026": "...", "\x00": " "})


def _none(text: str) -> str:
    return text


def _breaks(text: str) -> str:
    return _SPACE.sub(" ", _BREAK.sub(" ", text)).strip()


def _plain(text: str) -> str:
    """Mentions and links to one word each, HTML unescaped, long runs of a letter cut to three; stop words stay."""
    text = html.unescape(_BREAK.sub(" ", text) if "<" in text else text)
    if "://" in text or "www." in text.lower():
        text = _URL.sub("http", text)
    if "@" in text:
        text = _MENTION.sub("@user", text)
    return " ".join(_ELONGATED.sub(r"\1\1\1", text).split())


def _from_escapes(run: re.Match[str]) -> str:
    """Escapes in a row are UTF-16 units: two of them may be one emoji."""
    return bytes.fromhex(run[0].replace("\\u", "")).decode("utf-16-be", "replace")


def _from_cp1252(control: re.Match[str]) -> str:
    """A stray C1 control character is a Windows-1252 apostrophe, dash or quote that was read as latin-1."""
    return control[0].encode("latin-1").decode("cp1252", "ignore")


def _from_utf8(run: re.Match[str]) -> str:
    """UTF-8 bytes that were read as latin-1, put back; what is not valid UTF-8 stays as it stands."""
    try:
        return run[0].encode("latin-1").decode("utf-8")
    except UnicodeError:
        return run[0]


def _plain_2(text: str) -> str:
    """`plain-1` after repairs: `\\u2019` written out, UTF-8 or Windows-1252 read as latin-1, curly quotes to ASCII."""
    if "\\u" in text:
        text = _ESCAPES.sub(_from_escapes, text)
    if not text.isascii():
        text = _CONTROL.sub(_from_cp1252, _DOUBLE_ENCODED.sub(_from_utf8, text)).translate(_TYPOGRAPHIC)
    return _plain(text.replace("\0", " "))


def _twitter(text: str) -> str:
    """As Twitter-RoBERTa was trained (Barbieri et al., "TweetEval", 2020): mentions `@user`, links `http`."""
    return " ".join(
        "@user" if word.startswith("@") and len(word) > 1 else "http" if word.startswith("http") else word
        for word in text.split(" ")
    )


def _covid_twitter(text: str) -> str:
    """As COVID-Twitter-BERT was trained (Müller et al., 2020): mentions and links to one word, emoji to their names."""
    import emoji

    text = _MENTION.sub("twitteruser", _URL.sub("twitterurl", html.unescape(text)))
    return " ".join(emoji.demojize(text, delimiters=(" :", ": ")).split())


def _bare(text: str) -> str:
    """Letters and digits of English alone: no links, mentions, hashtags and punctuation, no apostrophe either."""
    return _MARK.sub(" ", _HANDLE.sub(" ", _BARE_LINK.sub(" ", text))).strip()


NORMALIZATIONS: dict[str, Callable[[str], str]] = {
    "none": _none,
    "breaks-1": _breaks,
    "plain-1": _plain,
    "plain-2": _plain_2,
    "twitter-1": _twitter,
    "covid-twitter-1": _covid_twitter,
    "bare-1": _bare,
}


def normalizer(name: str) -> Callable[[str], str]:
    """The normalization of that name; an unknown name is an error with the nearest right one."""
    if name not in NORMALIZATIONS:
        raise BenchError(f"unknown normalization '{name}': {did_you_mean(name, NORMALIZATIONS)}")
    return NORMALIZATIONS[name]
