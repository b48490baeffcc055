"""A stored model in forms that need nothing of this project: for Docker, for Lambda, for a browser."""

from __future__ import annotations

import importlib
from pathlib import Path

from bench.hub import check_free, exported, sample_texts
from bench.store import Store

WRITERS = {
    "docker": ("serving.portable.write", "write_docker"),
    "lambda": ("serving.portable.lambda_zip", "write_lambda"),
    "browser": ("serving.portable.browser", "write_browser"),
}
"""What writes each form: module and function."""


def write_portable(store: Store, run_id: str, form: str, out: Path, **options: bool) -> str:
    """Write a run's model to `out`, which is not there yet; returns lines that say how it is used.

    Raises `BenchError` where it has no such form, and where what was written does not answer as the model does.
    """
    result, artifact = exported(store, run_id)
    check_free(out)
    module, function = WRITERS[form]
    write = getattr(importlib.import_module(module), function)
    return str(write(artifact, out, run_id, sample_texts(store, result), **options))
