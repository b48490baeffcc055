"""The contract between the harness and a recipe: the one module of `bench` that recipes import.

Nothing heavy is imported, so that names and defaults are listed without loading a framework; no module of `bench`
imports this one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from bench.artifact import bytes_on_disk, read_card
from bench.cache import kept_arrays
from bench.class_weights import CLASS_WEIGHTS, class_weights, label_weights
from bench.contract import (
    PARENTS,
    STANDALONE,
    Card,
    Choice,
    Compression,
    DeviceUse,
    HubFolder,
    LogUniform,
    Params,
    Predictor,
    Probabilities,
    ProgressListener,
    Ranks,
    Recipe,
    Resolved,
    Resources,
    RunContext,
    SoftTargets,
    Split,
    Training,
    Truncation,
    Uniform,
)
from bench.data.digest import file_sha256
from bench.data.labels import known_label
from bench.data.locate import cache_root
from bench.encoding import CHARACTERS_PER_TOKEN, TextEncoder, TokenIds
from bench.epochs import EpochLog
from bench.errors import BenchError, DataError, StoreError, did_you_mean
from bench.foreign import refuse_code
from bench.letters import LETTERS, MARKS, WORD
from bench.lexicon import Vader, copy_lexicons
from bench.machine import thread_limit, waits_passively
from bench.measure.quality import epoch_scores
from bench.normalize import normalizer
from bench.probabilities import sigmoid, softmax
from bench.ranks import die_with_parent, write_failures
from bench.registry import load_artifact, load_recipe, named_recipe, recipe_files
from bench.thresholds import predicted_labels

if TYPE_CHECKING:
    from bench.data.corpus import Corpus

__all__ = [
    "CHARACTERS_PER_TOKEN",
    "CLASS_WEIGHTS",
    "LETTERS",
    "MARKS",
    "PARENTS",
    "STANDALONE",
    "WORD",
    "BenchError",
    "Card",
    "Choice",
    "Compression",
    "DataError",
    "DeviceUse",
    "EpochLog",
    "HubFolder",
    "LogUniform",
    "Params",
    "Predictor",
    "Probabilities",
    "ProgressListener",
    "Provenance",
    "Ranks",
    "Recipe",
    "Resolved",
    "Resources",
    "RunContext",
    "SoftTargets",
    "Split",
    "StoreError",
    "TextEncoder",
    "TokenIds",
    "Training",
    "Truncation",
    "Uniform",
    "Vader",
    "bytes_on_disk",
    "cache_root",
    "class_weights",
    "copy_lexicons",
    "did_you_mean",
    "die_with_parent",
    "epoch_scores",
    "file_sha256",
    "kept_arrays",
    "known_label",
    "label_weights",
    "load_artifact",
    "load_recipe",
    "named_recipe",
    "normalizer",
    "predicted_labels",
    "provenance",
    "read_card",
    "recipe_files",
    "refuse_code",
    "sigmoid",
    "softmax",
    "teacher_probabilities",
    "thread_limit",
    "train_corpus",
    "waits_passively",
    "write_failures",
]


def teacher_probabilities(artifact_dir: Path, texts: Sequence[str], context: RunContext) -> Probabilities:
    """An artifact's probabilities of each text, float32 [n_texts, n_labels], computed once in a process of its own.

    Kept in the context's cache by the content of artifact and texts, so that no framework of the teacher is loaded
    here, and a second student costs no pass of the teacher. Raises `BenchError` where the teacher fails.
    """
    from bench.run.teach import teacher_probabilities as compute  # what starts a worker is not needed to list names

    return compute(artifact_dir, texts, context)


def train_corpus(datasets: Sequence[str], cache: Path, data_dir: Path | None = None) -> Corpus:
    """Unlabelled training texts of data sets, less every text that anything found here is tested or validated on.

    `cache` is the store's folder of prepared data. Raises `BenchError` for a data set that is not found.
    """
    from bench.data.corpus import train_corpus as read  # data readers are not needed to list names

    return read(datasets, cache, data_dir)


class Provenance(TypedDict):
    """Where something was made, for its model card."""

    commit: str | None
    dirty: bool | None
    """Whether tracked files differed from the commit."""
    machine: str


def provenance() -> Provenance:
    """Of what is made here and now."""
    from bench.git import git_state
    from bench.machine import accelerator, cores, cpu_model

    commit, dirty = git_state()
    return {"commit": commit, "dirty": dirty, "machine": accelerator() or f"{cores()} cores of {cpu_model()}"}
