"""Unlabelled training text out of many data sets, without any text that something is tested or validated on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.data.duplicates import hash_texts
from bench.data.manifest import dataset_names
from bench.data.prepare import prepare
from bench.data.ref import DatasetRef
from bench.errors import DataError


@dataclass(frozen=True)
class Corpus:
    """Distinct texts of train splits, in the order of the data sets, and where they come from."""

    texts: list[str]
    rows: dict[str, int]
    """Texts kept of each data set."""
    train_hashes: dict[str, str]
    """Hash of train and validation of each data set."""
    excluded: int
    """Texts left out because they stand in a test or validation split of any data set that was found."""
    guarded: tuple[str, ...]
    """The data sets whose test and validation splits were compared."""


def train_corpus(names: Sequence[str], cache_dir: Path, data_dir: Path | None = None) -> Corpus:
    """The texts of the train splits of `names`, compared after normalization. Raises DataError for one not found."""
    prepared_sets = {name: prepare(DatasetRef(name, data_dir=data_dir), cache_dir) for name in names}
    guarded, held_out = _held_out(cache_dir, data_dir)
    seen: set[int] = set()
    texts: list[str] = []
    rows: dict[str, int] = {}
    hashes: dict[str, str] = {}
    excluded = 0
    for name, prepared in prepared_sets.items():
        hashes[name], rows[name] = prepared.train_hash, 0
        of_set = prepared.train().texts
        for text, key in zip(of_set, hash_texts(of_set).tolist(), strict=True):
            excluded += key in held_out
            if key not in held_out and key not in seen:
                seen.add(key)
                texts.append(text)
                rows[name] += 1
    return Corpus(texts, rows, hashes, excluded, guarded)


def _held_out(cache_dir: Path, data_dir: Path | None) -> tuple[tuple[str, ...], set[int]]:
    """The data sets that are here, and the hashes of their test and validation texts."""
    guarded: list[str] = []
    keys: set[int] = set()
    for name in dataset_names():
        try:
            prepared = prepare(DatasetRef(name, data_dir=data_dir), cache_dir)
        except DataError:
            continue
        guarded.append(name)
        for texts in (prepared.test_texts()[1], prepared.validation().texts):
            keys.update(np.unique(hash_texts(texts)).tolist())
    return tuple(guarded), keys
