"""What a student learns from: training texts, more of them on request, each with its teacher's soft targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.api import (
    BenchError,
    Params,
    Probabilities,
    RunContext,
    SoftTargets,
    Split,
    predicted_labels,
    read_card,
    teacher_probabilities,
    train_corpus,
)
from compression.augment import augmented


def with_soft_targets(teacher: Path, train: Split, params: Params, seed: int, context: RunContext) -> Split:
    """`train`, then the transfer set, then the augmented copies of both, each text with the teacher's probabilities.

    With `alpha=0` there are no soft targets: the teacher predicts nothing but the labels of a transfer set.
    `params`: `alpha`, `temperature`, `transfer`, `transfer_limit`, `augment`, `augment_rate`.
    """
    whole = _predicted(teacher, train, params, context)
    if params["transfer"]:
        whole = _joined(whole, _pseudo_labelled(teacher, train, params, seed, context))
    if params["augment"]:
        copies = augmented(whole, params["augment"], params["augment_rate"], seed)
        whole = _joined(whole, _predicted(teacher, copies, params, context))
    return whole


def _predicted(teacher: Path, split: Split, params: Params, context: RunContext) -> Split:
    """The texts with the teacher's probabilities; without them where `alpha=0`."""
    if not params["alpha"]:
        return replace(split, soft_targets=None)
    probabilities = teacher_probabilities(teacher, split.texts, context)
    return replace(split, soft_targets=_soft(probabilities, split, params))


def _pseudo_labelled(teacher: Path, train: Split, params: Params, seed: int, context: RunContext) -> Split:
    """Texts of other train splits; the labels of each are the teacher's, its most probable one where each has one."""
    texts = transfer_texts(params["transfer"], train.texts, params["transfer_limit"], seed, context)
    probabilities = teacher_probabilities(teacher, texts, context)
    soft_targets = _soft(probabilities, train, params) if params["alpha"] else None
    ids = [f"transfer-{number}" for number in range(len(texts))]
    labels = predicted_labels(probabilities, read_card(teacher).get("thresholds"))
    return Split(ids, texts, labels, train.label_names, soft_targets)


def _soft(probabilities: Probabilities, split: Split, params: Params) -> SoftTargets:
    return SoftTargets(probabilities, params["alpha"], params["temperature"], split.multi_label)


def transfer_texts(
    datasets: str | Sequence[str], training: Sequence[str], limit: int, seed: int, context: RunContext
) -> list[str]:
    """Training texts of `datasets` (names, or one text of them joined by commas) that are not among `training`.

    No text that any data set found here is tested or validated on; of more than `limit` (0 for all) a seeded choice.
    Raises `BenchError` for a data set that is not found and where nothing is left.
    """
    names = [name.strip() for name in datasets.split(",")] if isinstance(datasets, str) else list(datasets)
    if context.prepared is None:
        raise BenchError(f"transfer={','.join(names)}: data sets are read by the harness alone; use `bench run`")
    seen = set(training)
    texts = [text for text in train_corpus(names, context.prepared, context.data_dir).texts if text not in seen]
    if not texts:
        raise BenchError(f"transfer={','.join(names)}: no text is left that is not in the training set: name another")
    if not limit or len(texts) <= limit:
        return texts
    chosen = np.random.default_rng(seed).choice(len(texts), limit, replace=False)
    return [texts[number] for number in sorted(chosen)]


def _joined(first: Split, second: Split) -> Split:
    soft_targets = None
    if first.soft_targets and second.soft_targets:
        both = np.concatenate([first.soft_targets.probabilities, second.soft_targets.probabilities])
        soft_targets = replace(first.soft_targets, probabilities=both)
    return Split(
        [*first.ids, *second.ids], [*first.texts, *second.texts], np.concatenate([first.labels, second.labels]),
        first.label_names, soft_targets,
    )  # fmt: skip
