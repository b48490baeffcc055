"""TensorFlow, Keras and KerasHub belong together: one line where they do not."""

from __future__ import annotations

import importlib.metadata
import os

from bench.api import BenchError


def check_libraries() -> None:
    """Import them, Keras on TensorFlow. A library that is missing stays a `ModuleNotFoundError`.

    Raises `BenchError` where they do not fit one another, or where Keras is set to another framework.
    """
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    try:
        import keras
        import keras_hub
        import tensorflow

        loaded = (tensorflow.__version__, keras_hub.models.BertBackbone)
    except ModuleNotFoundError:
        raise
    except Exception as error:
        raise BenchError(
            f"{_versions()} do not fit one another ({' '.join(str(error).split())[:120]}): "
            "`pip install -r requirements.txt` brings versions that do"
        ) from None
    if loaded and keras.backend.backend() != "tensorflow":
        raise BenchError(
            f"Keras runs on {keras.backend.backend()} here, and this track needs TensorFlow: unset KERAS_BACKEND"
        )


def _versions() -> str:
    def version(name: str) -> str:
        try:
            return f"{name} {importlib.metadata.version(name)}"
        except importlib.metadata.PackageNotFoundError:
            return f"{name} (unknown version)"

    return ", ".join(map(version, ("tensorflow", "keras", "keras-hub")))
