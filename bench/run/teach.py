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
from bench.run.launcher import launch

TIMEOUT = 6 * 3600.0


def teacher_probabilities(artifact: Path, texts: Sequence[str], cache: Path | None) -> Probabilities:
    """Float32 [n_texts, n_labels]; from `cache` where these texts were asked of this very artifact before."""
    key = {"artifact": folder_hash(artifact), "texts": _texts_hash(texts)}
    work = Path(tempfile.mkdtemp(prefix="sentibench-teach-"))
    try:
        path = cache / "teachers" / f"{key['artifact'][:24]}-{key['texts'][:24]}.npz" if cache else work / "said.npz"
        if not path.is_file():
            _ask(artifact, texts, key, work, path)
        return _read(path, key, len(texts))
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _ask(artifact: Path, texts: Sequence[str], key: dict[str, str], work: Path, path: Path) -> None:
    (work / "texts.json").write_text(json.dumps(list(texts)))
    job = {
        "phase": "teach", "artifact": str(artifact), "texts": str(work / "texts.json"), "out": str(path), "key": key,
    }  # fmt: skip
    ended = launch(job, work / "job", TIMEOUT, requested_device())
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
