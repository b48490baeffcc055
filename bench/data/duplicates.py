"""Which texts count as the same: exactly, or normalized."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]

_URL = re.compile(r"(?:https?://|www\.)\S+")
_OTHER = re.compile(r"[^\w@#]+|_+")


def normalized(text: str) -> str:
    """Lower-cased, links dropped, everything but letters, digits, @ and # a space; a text of none of these stays.

    Letters of every script are kept, so that texts in Greek or Chinese do not all become one.
    """
    plain = " ".join(_OTHER.sub(" ", _URL.sub(" ", text.lower())).split())
    return plain or text.strip()


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
    """Distinct texts that stand under more than one label."""
    pairs = np.unique(np.stack([hashes, labels.astype(np.uint64)]), axis=1)
    return len(pairs[0]) - len(np.unique(pairs[0]))
