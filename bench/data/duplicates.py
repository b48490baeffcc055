"""Which texts count as the same: exactly, or normalized."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from bench.data.label_sets import label_keys
from bench.letters import MARKS

Hashes = npt.NDArray[np.uint64]

_URL = re.compile(r"(?:https?://|www\.)\S+")
_OTHER = re.compile(r"[^\w@#]+|_+")


def normalized(text: str) -> str:
    """Lower-cased, links dropped, everything but letters, digits, @ and # a space; a text of none of these stays.

    Letters of every script are kept, so that texts in Greek or Chinese do not all become one.
    """
    plain = " ".join(_OTHER.sub(" ", _URL.sub(" ", text.lower())).split())
    return plain or text.strip()


def with_marks(text: str) -> str:
    """As `normalized`, with the marks that belong to a letter, such as the vowel signs of Devanagari.

    Of users' files: what published sets hold was cut without them, and stays as it is.
    """
    other, letters = _patterns()
    kept = other.sub(" ", _URL.sub(" ", text.lower()))
    return " ".join("".join(letters.findall(kept)).split()) or text.strip()


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What is no letter and no mark; a letter with its marks."""
    return re.compile(rf"[^\w@#{MARKS}]+|_+"), re.compile(rf"[\w@#][{MARKS}]*|\s")


def exact(text: str) -> str:
    """The text itself."""
    return text


def hash_texts(texts: Iterable[str], form: Callable[[str], str] = normalized) -> Hashes:
    """A 64-bit hash of each text's form, uint64 [n_texts]; odds that two unlike ones of 1.6M share one: 1e-7."""
    return np.fromiter(
        (int.from_bytes(blake2b(form(text).encode(), digest_size=8).digest()) for text in texts), dtype=np.uint64
    )


def extra_copies(hashes: Hashes) -> int:
    """Rows minus distinct texts."""
    return len(hashes) - len(np.unique(hashes))


def conflicting(hashes: Hashes, labels: npt.NDArray[np.int64]) -> int:
    """Distinct texts that stand under more than one label, or set of labels."""
    pairs = np.unique(np.stack([hashes, label_keys(labels)]), axis=1)
    return len(pairs[0]) - len(np.unique(pairs[0]))
