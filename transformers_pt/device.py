"""Seeds, precision and replicas of a training."""

from __future__ import annotations

import os

import torch
from transformers import set_seed

from bench.api import BenchError, DeviceUse, Params, did_you_mean
from transformers_pt.backbones import quiet

PRECISIONS = ("auto", "float32", "bfloat16", "float16")


def prepare_device(seed: int, params: Params, requested: str) -> DeviceUse:
    """Seed everything, ask for deterministic operations, return what is really used.

    `params`: `precision`, where `auto` is bfloat16 where the CPU or GPU multiplies in it, else float32 (weights stay
    float32), and `fsdp`, which is a `BenchError` where nothing would be sharded. `requested` is `auto`, `cpu` or `gpu`.
    """
    precision = params["precision"]
    if precision not in PRECISIONS:
        raise BenchError(f"precision={precision}: {did_you_mean(precision, PRECISIONS)}")
    gpu = torch.cuda.is_available()
    if requested == "gpu" and not gpu:
        raise BenchError("device 'gpu' was requested, but PyTorch finds none here: use --device cpu or auto")
    actual = "gpu" if gpu and requested != "cpu" else "cpu"
    if precision == "float16" and actual == "cpu":
        raise BenchError("precision=float16 needs a GPU: use bfloat16, float32 or auto")
    quiet()
    set_seed(seed)
    torch.use_deterministic_algorithms(True, warn_only=True)  # some CUDA kernels have no deterministic form
    # 8 % of a step, to help those who read what they never wrote
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    if precision == "auto":
        on_gpu = actual == "gpu"
        bfloat16 = torch.cuda.is_bf16_supported() if on_gpu else torch.ops.mkldnn._is_mkldnn_bf16_supported()
        precision = "bfloat16" if bfloat16 else "float32"
    replicas, asked = int(os.environ.get("WORLD_SIZE", "1")), params.get("devices", 1)
    if replicas == 1 < asked:
        raise BenchError(f"devices={asked} is for a run of its own: what is trained within another has one process")
    if params["fsdp"] and (actual == "cpu" or replicas == 1):  # Accelerate would quietly copy the weights as DDP does
        here = "a CPU" if actual == "cpu" else "one process"
        raise BenchError(
            f"fsdp=true shards weights over several GPUs, and this is {here}: leave it out, or set devices"
        )
    strategy = "fsdp" if params["fsdp"] else "ddp" if replicas > 1 else "single"
    return DeviceUse(actual=actual, dtype=precision, strategy=strategy, replicas=replicas)
