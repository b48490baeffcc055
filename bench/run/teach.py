"""A teacher's probabilities of training texts: computed once in a worker, kept by content."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.artifact import folder_hash
from bench.cache import kept_arrays
from bench.contract import Probabilities, RunContext
from bench.errors import BenchError
from bench.run.job import TeachJob
from bench.run.launcher import launch

TIMEOUT = 6 * 3600.0
"""Seconds; a shorter --timeout of the training ends it before, as it dies with the training's worker."""


def teacher_probabilities(artifact: Path, texts: Sequence[str], context: RunContext) -> Probabilities:
    """Float32 [n_texts, n_labels]; from the cache where this very artifact has predicted these texts before."""

    def compute() -> dict[str, Probabilities]:
        return {"probabilities": _predict(artifact, texts, context.device)}

    if context.cache is None:
        return compute()["probabilities"]
    name = f"{folder_hash(artifact)[:24]}-{_texts_hash(texts)[:24]}.npz"
    return kept_arrays(context.cache / "teachers" / name, compute)["probabilities"]


def _predict(artifact: Path, texts: Sequence[str], device: str) -> Probabilities:
    """In a worker of its own, started by the training worker that needs it.

    Not in this process: it trains a student, maybe in another framework than the teacher's, and TensorFlow and PyTorch
    compete for threads and for the accelerator's memory, which neither gives back; the teacher would count in the
    student's peak memory, too. Not by the harness: only the recipe, while it runs, knows which texts it needs.
    """
    work = Path(tempfile.mkdtemp(prefix="sentibench-teach-"))
    try:
        (work / "texts.json").write_text(json.dumps(list(texts)))
        ended = launch(TeachJob(artifact=artifact, texts=work / "texts.json"), work / "job", TIMEOUT, device)
        if ended.status != "ok":
            raise BenchError(f"the teacher failed ({ended.status}): {ended.reason}")
        with np.load(work / "job" / "probabilities.npz", allow_pickle=False) as file:
            return np.asarray(file["probabilities"], np.float32)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _texts_hash(texts: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()
