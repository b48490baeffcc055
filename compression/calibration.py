"""Training texts by which a quantizer finds the ranges of activations."""

from __future__ import annotations

import numpy as np

from bench.api import BenchError, Split
from transformers_pt.encode import Encoder
from transformers_pt.predictor import Padded, pad

BATCH = 8


def calibration(train: Split, encoder: Encoder, rows: int, seed: int) -> list[Padded]:
    """That many training texts drawn at random, in batches of like length; a `BenchError` where there are none."""
    count = min(rows, len(train))
    if count < 1:
        raise BenchError(f"calibration={rows} of {len(train)} training texts: there is nothing to calibrate on")
    chosen = np.random.default_rng(seed).permutation(len(train))[:count]
    ids = sorted(encoder([train.texts[i] for i in chosen]), key=len)
    return [pad(ids[start : start + BATCH], encoder.tokenizer.pad_token_id) for start in range(0, count, BATCH)]
