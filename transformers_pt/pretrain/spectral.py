"""A start for embeddings: the leading directions of which tokens stand near which (Levy & Goldberg, 2014)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from transformers_pt.pretrain.blocks import Blocks

WINDOW = 5
"""Tokens to either side; one at distance d counts 1/d."""
SMOOTHING = 0.75
"""Power of the context counts, which lowers the weight of rare contexts."""
SCALE = 0.04
"""Standard deviation of the numbers; random ones have 0.02."""


def spectral_embedding(blocks: Blocks, vocabulary: int, width: int) -> npt.NDArray[np.float32]:
    """Float32 [vocabulary, width]: U √S of the positive pointwise mutual information of tokens in `blocks`."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.linalg import svds

    near = _cooccurrences(blocks, vocabulary).tocoo()
    counts = np.asarray(near.sum(axis=0)).ravel() + 1e-9
    context = counts**SMOOTHING / (counts**SMOOTHING).sum()
    information = np.log(near.data / (counts[near.row] * context[near.col]))
    positive = information > 0
    matrix = csr_matrix((information[positive], (near.row[positive], near.col[positive])), shape=near.shape)
    left, strengths, _ = svds(matrix, k=width, random_state=0)
    table = left * np.sqrt(strengths)
    return np.asarray(table * (SCALE / table.std()), dtype=np.float32)


def start_embedding(model: Any, blocks: Blocks) -> None:
    """Put them into a masked-language model with random weights, and the log of each token's share into its bias."""
    import torch

    layer, bias = model.get_input_embeddings(), model.get_output_embeddings().bias
    shares = (np.bincount(blocks.ravel(), minlength=layer.num_embeddings) + 1.0) / (blocks.size + layer.num_embeddings)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(spectral_embedding(blocks, *layer.weight.shape)))
        bias.copy_(torch.from_numpy(np.log(shares).astype(np.float32)))


def _cooccurrences(blocks: Blocks, vocabulary: int) -> Any:
    from scipy.sparse import coo_matrix, csr_matrix

    total = csr_matrix((vocabulary, vocabulary), dtype=np.float32)
    for distance in range(1, WINDOW + 1):
        left, right = blocks[:, :-distance].ravel(), blocks[:, distance:].ravel()
        weight = np.full(len(left), 1.0 / distance, np.float32)
        total = total + coo_matrix((weight, (left, right)), shape=total.shape).tocsr()
    return total + total.T
