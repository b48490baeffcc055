"""Hashes: of a file, of rows whatever their order, and of a split as it is used."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt


class _Rows(Protocol):
    @property
    def ids(self) -> Sequence[str]: ...
    @property
    def texts(self) -> Sequence[str]: ...
    @property
    def labels(self) -> npt.NDArray[np.int64]: ...


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def row_hashes(texts: Iterable[str], labels: Iterable[int]) -> list[bytes]:
    """SHA-256 of each label number and text."""
    return [sha256(b"%d\0" % label + text.encode()).digest() for text, label in zip(texts, labels, strict=True)]


def rows_digest(hashes: Iterable[bytes]) -> str:
    """The hash of a set of rows, whatever their order."""
    return sha256(b"".join(sorted(hashes))).hexdigest()


def split_hash(label_names: Sequence[str], *splits: _Rows) -> str:
    """The hash of label names and of the ids, texts and labels of splits, in order.

    A text of any number of labels has its 0 and 1 in a row where one of a single label has its number.
    """
    digest = sha256("\0".join(label_names).encode())
    for split in splits:
        for row_id, text, label in zip(split.ids, split.texts, split.labels.tolist(), strict=True):
            content = text.encode()
            written = b"%d" % label if isinstance(label, int) else bytes(label).hex().encode()
            digest.update(b"\n%s %s %d " % (row_id.encode(), written, len(content)) + content)
    return digest.hexdigest()
