"""Seeds, precision and replicas of a training."""

from __future__ import annotations

import os

import torch
from transformers import set_seed

from bench.api import BenchError, DeviceUse, did_you_mean, requested_device
from transformers_pt.backbones import quiet

PRECISIONS = ("auto", "float32", "bfloat16", "float16")


def prepare_device(seed: int, precision: str) -> DeviceUse:
    """Seed everything, ask for deterministic operations, say what is really used.

    `precision`: `auto` is bfloat16 where the CPU or GPU multiplies in it, else float32. Weights stay float32.
    """
    if precision not in PRECISIONS:
        raise BenchError(f"precision={precision}: {did_you_mean(precision, PRECISIONS)}")
    wanted, gpu = requested_device(), torch.cuda.is_available()
    if wanted == "gpu" and not gpu:
        raise BenchError("device 'gpu' was asked for, but PyTorch finds none here: use --device cpu or auto")
    actual = "gpu" if gpu and wanted != "cpu" else "cpu"
    if precision == "float16" and actual == "cpu":
        raise BenchError("precision=float16 needs a GPU: use bfloat16, float32 or auto")
    quiet()
    set_seed(seed)
    torch.use_deterministic_algorithms(True, warn_only=True)
    if precision == "auto":
        precision = "bfloat16" if _has_bfloat16(actual) else "float32"
    replicas = int(os.environ.get("WORLD_SIZE", "1"))
    return DeviceUse(actual=actual, dtype=precision, strategy="ddp" if replicas > 1 else "single", replicas=replicas)


def _has_bfloat16(device: str) -> bool:
    if device == "gpu":
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
