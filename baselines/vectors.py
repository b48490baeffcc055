"""Word vectors learned elsewhere, as the start of an embedding."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from bench.api import BenchError, Params

if TYPE_CHECKING:
    from baselines.sequences import SequenceTokenizer


@dataclass(frozen=True)
class WordVectors:
    """`words`, and for each its row of `vectors` float32 [words, width]."""

    words: list[str]
    vectors: npt.NDArray[np.float32]

    def start_embedding(self, model: Any, tokenizer: SequenceTokenizer) -> None:
        """Put the vectors into the first columns of the embedding of their words."""
        rows = {word: row for row, word in enumerate(self.words)}
        layer = model.get_layer("embedding")
        table = layer.embeddings.numpy()
        for word, token in tokenizer.tokenizer.get_vocab().items():
            if word in rows:
                table[token, : self.vectors.shape[1]] = self.vectors[rows[word]]
        layer.embeddings.assign(table)


def load_vectors(folder: Path, params: Params) -> WordVectors:
    """What `folder` holds; a `BenchError` where it does not fit `params`."""
    from safetensors.numpy import load_file

    if params["tokenizer"] != "word":
        raise BenchError(f"vectors={folder}: they are of words, so they need tokenizer=word")
    for name in ("vectors.safetensors", "vocab.txt"):
        if not (folder / name).is_file():
            raise BenchError(f"vectors={folder}: no {name} in it; give a folder with vectors.safetensors and vocab.txt")
    words = (folder / "vocab.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")
    vectors = load_file(str(folder / "vectors.safetensors")).get("embedding.weight")
    if vectors is None or vectors.ndim != 2 or len(vectors) != len(words):
        raise BenchError(f"vectors={folder}: 'embedding.weight' must have one row for each of the {len(words)} words")
    if vectors.shape[1] > params["embedding"]:
        raise BenchError(f"vectors={folder}: they are {vectors.shape[1]} wide; raise embedding to that or more")
    return WordVectors(words, vectors)
