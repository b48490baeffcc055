"""Backbones by preset, hub name, suite checkpoint or folder: where they are, their tokenizer, their weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.api import BenchError


def load_tokenizer(folder: str | Path, revision: str | None = None) -> Any:
    """The fast tokenizer of a folder in Hugging Face layout, or of a hub name."""
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(folder, revision=revision)
    except (OSError, ValueError) as error:
        raise BenchError(f"backbone {folder} has no tokenizer that loads: {_line(error)}") from None


def check_vocabulary(model: Any, tokenizer: Any, where: object) -> None:
    """Every piece id needs a row of the embedding."""
    rows = model.get_input_embeddings().num_embeddings
    if len(tokenizer) > rows:
        raise BenchError(
            f"the tokenizer of {where} has {len(tokenizer):,} pieces, its weights only {rows:,} rows: "
            "they do not belong together"
        )


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
