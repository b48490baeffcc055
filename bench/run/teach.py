"""What a teacher says of training texts: computed once in a worker, kept by content."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.api import BenchError, Probabilities, requested_device
from bench.artifact import folder_hash
from bench.cache import kept_arrays
from bench.run.launcher import launch

TIMEOUT = 6 * 3600.0


def teacher_probabilities(artifact: Path, texts: Sequence[str], cache: Path | None) -> Probabilities:
    """Float32 [n_texts, n_labels]; from `cache` where these texts were asked of this very artifact before."""

    def ask() -> dict[str, Probabilities]:
        return {"probabilities": _ask(artifact, texts)}

    if cache is None:
        return ask()["probabilities"]
    name = f"{folder_hash(artifact)[:24]}-{_texts_hash(texts)[:24]}.npz"
    return kept_arrays(cache / "teachers" / name, ask)["probabilities"]


def _ask(artifact: Path, texts: Sequence[str]) -> Probabilities:
    work = Path(tempfile.mkdtemp(prefix="sentibench-teach-"))
    try:
        (work / "texts.json").write_text(json.dumps(list(texts)))
        job = {"phase": "teach", "artifact": str(artifact), "texts": str(work / "texts.json")}
        ended = launch(job, work / "job", TIMEOUT, requested_device())
        if ended.status != "ok":
            raise BenchError(f"the teacher failed ({ended.status}): {ended.reason}")
        with np.load(work / "job" / "said.npz", allow_pickle=False) as file:
            return np.asarray(file["probabilities"], np.float32)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _texts_hash(texts: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()
