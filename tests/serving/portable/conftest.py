from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fine-tuned BERT, small and quick, in PyTorch."""
    from tests.compression.parents import parent

    return parent("bert", tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="session")
def onnx(encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same in int8 for ONNX Runtime."""
    from compression.recipes.quantize import Quantize
    from tests.compression.parents import child

    folder = tmp_path_factory.mktemp("onnx") / "artifact"
    child(Quantize(), encoder, folder, to="onnx-int8")
    return folder
