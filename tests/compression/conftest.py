"""Parents trained once for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.compression.parents import parent


@pytest.fixture(scope="session")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """BERT with the library's own head."""
    return parent("bert", tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="session")
def roberta(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """RoBERTa under three poolings."""
    return parent("roberta", tmp_path_factory.mktemp("roberta"), pooling="cls+mean+max")


@pytest.fixture(scope="session")
def distilbert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """DistilBERT."""
    return parent("distilbert", tmp_path_factory.mktemp("distilbert"))
