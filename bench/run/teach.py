"""What a teacher says of training texts: computed once in a worker, kept by content."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.artifact import folder_hash
from bench.contract import Probabilities, RunContext
from bench.errors import BenchError
from bench.run.job import TeachJob
from bench.run.launcher import launch

TIMEOUT = 6 * 3600.0


def teacher_probabilities(artifact: Path, texts: Sequence[str], context: RunContext) -> Probabilities:
    """Float32 [n_texts, n_labels]; from the cache where these texts were asked of this very artifact before."""
    key = {"artifact": folder_hash(artifact), "texts": _texts_hash(texts)}
    cache, work = context.cache, Path(tempfile.mkdtemp(prefix="sentibench-teach-"))
    try:
        path = cache / "teachers" / f"{key['artifact'][:24]}-{key['texts'][:24]}.npz" if cache else work / "said.npz"
        if not path.is_file():
            _ask(TeachJob(artifact=artifact, texts=work / "texts.json", out=path, key=key), texts, work, context.device)
        return _read(path, key, len(texts))
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _ask(job: TeachJob, texts: Sequence[str], work: Path, device: str) -> None:
    job.texts.write_text(json.dumps(list(texts)))
    # a worker of a worker: the teacher's framework must not share a process with the student's
    ended = launch(job, work / "job", TIMEOUT, device)
    if ended.status != "ok":
        raise BenchError(f"the teacher failed ({ended.status}): {ended.reason}")


def _read(path: Path, key: dict[str, str], rows: int) -> Probabilities:
    try:
        with np.load(path, allow_pickle=False) as file:
            probabilities, said_of = file["probabilities"], json.loads(str(file["key"]))
    except (OSError, ValueError, KeyError):
        raise BenchError(f"the teacher's cache {path} cannot be read: delete it") from None
    if said_of != key or len(probabilities) != rows:
        raise BenchError(f"the teacher's cache {path} is of another teacher or other texts: delete it")
    return np.asarray(probabilities, np.float32)


def _texts_hash(texts: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()
