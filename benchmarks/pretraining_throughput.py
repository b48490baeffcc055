"""Tokens a second of masked-language pretraining, against the library's own loss, and which part gives what.

`python -m benchmarks.pretraining_throughput`: TinyBERT size (4 layers, 312 wide), 12,000 tokens, 64 × 64 tokens a step,
a fifth of them masked, AdamW; random tokens, since speed does not depend on them. Medians of the steps after the first.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

PIECES, ROWS, LENGTH, SHARE = 12_000, 64, 64, 0.2
WARM = 3


def main() -> None:
    """Time each line and print a table."""
    import torch
    from torch import nn

    from transformers_pt.pretrain.architectures import vocabulary_head
    from transformers_pt.pretrain.objectives import masked_loss

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=15)
    options = parser.parse_args()

    def everywhere(model: Any, inputs: dict[str, Any]) -> Any:
        return model(**inputs).loss

    def at_masks(model: Any, inputs: dict[str, Any]) -> Any:
        asked = inputs["labels"] != -100
        hidden = model.base_model(input_ids=inputs["input_ids"]).last_hidden_state
        features, projection = vocabulary_head(model, hidden[asked])
        return nn.functional.cross_entropy(projection(features).float(), inputs["labels"][asked])

    lines: list[tuple[str, Callable[[Any, dict[str, Any]], Any], bool]] = [
        ("the library's loss, float32", everywhere, False),
        ("the head at masked places only", at_masks, False),
        ("bfloat16", at_masks, True),
        ("loss and gradient in slices", masked_loss, True),
    ]
    base = None
    print(f"{'':34}tokens/s  ratio")
    for name, loss, bf16 in lines:
        torch.manual_seed(0)
        speed = ROWS * LENGTH / float(np.median(seconds(loss, bf16, options.steps)[WARM:]))
        base = base or speed
        print(f"{name:34}{speed:8,.0f} {speed / base:6.2f}", flush=True)


def seconds(loss: Callable[[Any, dict[str, Any]], Any], bf16: bool, steps: int) -> list[float]:
    """Of each step: forward, backward, optimizer."""
    import torch
    from transformers import BertConfig, BertForMaskedLM

    model = BertForMaskedLM(
        BertConfig(
            vocab_size=PIECES, num_hidden_layers=4, hidden_size=312, num_attention_heads=12, intermediate_size=1200,
            max_position_embeddings=LENGTH, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
            hidden_act="gelu_pytorch_tanh", attn_implementation="eager",
        )
    )  # fmt: skip
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
    taken = []
    for _ in range(steps):
        ids = torch.randint(0, PIECES, (ROWS, LENGTH))
        inputs = {"input_ids": ids, "labels": torch.where(torch.rand(ids.shape) < SHARE, ids, -100)}
        started = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            value = loss(model, inputs)
        value.backward()
        optimizer.step()
        optimizer.zero_grad()
        taken.append(time.perf_counter() - started)
    return taken


if __name__ == "__main__":
    main()
