"""What a student learns from: the training texts, more of them where asked for, and what the teacher says of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.api import BenchError, Params, Split, Teaching, prepared_dir, teacher_probabilities, train_corpus
from compression.augment import augmented


def lessons(teacher: Path, train: Split, params: Params, seed: int) -> Split:
    """`train`, then the transfer set, then the augmented copies of both, each text with the teacher's words.

    With `alpha=0` there is no teaching: the teacher is asked for nothing but the labels of a transfer set.
    `params`: `alpha`, `temperature`, `transfer`, `transfer_limit`, `augment`, `augment_rate`.
    """
    whole = _taught(teacher, train, params)
    if params["transfer"]:
        whole = _joined(whole, _unlabelled(teacher, train, params, seed))
    if params["augment"]:
        copies = augmented(whole, params["augment"], params["augment_rate"], seed)
        whole = _joined(whole, _taught(teacher, copies, params))
    return whole


def _taught(teacher: Path, split: Split, params: Params) -> Split:
    """The texts with the teacher's words, which are asked for anew; none of them with `alpha=0`."""
    if not params["alpha"]:
        return replace(split, teaching=None)
    said = teacher_probabilities(teacher, split.texts)
    return replace(split, teaching=Teaching(said, params["alpha"], params["temperature"]))


def _unlabelled(teacher: Path, train: Split, params: Params, seed: int) -> Split:
    """Texts of other train splits; the label of each is what the teacher holds most likely."""
    texts = transfer_texts(params["transfer"], train.texts, params["transfer_limit"], seed)
    said = teacher_probabilities(teacher, texts)
    teaching = Teaching(said, params["alpha"], params["temperature"]) if params["alpha"] else None
    ids = [f"transfer-{number}" for number in range(len(texts))]
    return Split(ids, texts, said.argmax(1).astype(np.int64), train.label_names, teaching)


def transfer_texts(datasets: str | Sequence[str], known: Sequence[str], limit: int, seed: int) -> list[str]:
    """Training texts of `datasets` (names, or one text of them joined by commas) that are not among `known`.

    No text that any data set found here is tested or validated on; of more than `limit` (0 for all) a seeded choice.
    Raises `BenchError` for a data set that is not found and where nothing is left.
    """
    names = [name.strip() for name in datasets.split(",")] if isinstance(datasets, str) else list(datasets)
    cache = prepared_dir()
    if cache is None:
        raise BenchError(f"transfer={','.join(names)}: data sets are read by the harness alone; use `bench run`")
    there = set(known)
    texts = [text for text in train_corpus(names, cache).texts if text not in there]
    if not texts:
        raise BenchError(f"transfer={','.join(names)}: no text is left that is not in the training set: name another")
    if not limit or len(texts) <= limit:
        return texts
    chosen = np.random.default_rng(seed).choice(len(texts), limit, replace=False)
    return [texts[number] for number in sorted(chosen)]


def _joined(first: Split, second: Split) -> Split:
    teaching = None
    if first.teaching and second.teaching:
        said = np.concatenate([first.teaching.probabilities, second.teaching.probabilities])
        teaching = replace(first.teaching, probabilities=said)
    return Split(
        [*first.ids, *second.ids], [*first.texts, *second.texts], np.concatenate([first.labels, second.labels]),
        first.label_names, teaching,
    )  # fmt: skip
