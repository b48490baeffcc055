"""One compression by TensorFlow Model Optimization, from the parent's folder to the child's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from baselines.artifact import Weights, save_artifact
from baselines.training import prepare_device
from bench.api import Params, RunContext, Split, Training
from compression.tfmot import codebook, methods
from compression.tfmot.data import BASES, CHECKED, Base
from compression.tfmot.recovery import recover
from compression.tfmot.twins import read_weights


def compress(
    parent: Path,
    layout: str,
    train: Split,
    validation: Split,
    params: Params,
    seed: int,
    out_dir: Path,
    context: RunContext,
) -> Training:
    """Train the wrapped twin of `parent`, whose layout is `layout`, and leave the child in `out_dir`."""
    device = prepare_device(seed, "float32", context.device)
    base, method = BASES[layout](parent), params["method"]
    recovery_params = {**base.params, "epochs": params["epochs"], "learning_rate": params["learning_rate"]}
    sparse = method != "qat"
    batches = base.batches(train, recovery_params["batch_size"], seed, sparse)
    checks = base.batches(validation, CHECKED, None, sparse) if len(validation) else None
    plain, steps = base.twin(recovery_params, sparse), batches.steps * recovery_params["epochs"]
    callbacks, first = [], 1
    if method == "prune":
        model, callbacks = methods.pruned(plain, params["sparsity"], steps), [methods.pruning_step()]
        first = -(-methods.pruning_ends(steps) // batches.steps)
    elif method == "cluster":
        model = methods.clustered(plain, params["clusters"])
    else:
        model = methods.quantization_aware(plain)
    device = replace(device, batch_per_replica=recovery_params["batch_size"])
    log = recover(model, batches, checks, train.labels, recovery_params, device, context, callbacks, first)
    _write(model, base, parent, layout, params, out_dir)
    return log


def _write(model: Any, base: Base, parent: Path, layout: str, params: Params, out_dir: Path) -> None:
    method = params["method"]
    if method == "qat":
        from compression.litert.convert import export_quantized

        export_quantized(model, parent, out_dir)
        return
    weights = base.weights | read_weights(methods.stripped(model, method))
    if method == "prune":
        save_artifact(out_dir, base.config, weights)
        codebook.copy_texts(parent, out_dir)
        return
    rows = {name: base.shared_rows(name) for name in weights if _is_clustered(name, base, weights, params["clusters"])}
    codebook.save_clustered(out_dir, parent, layout, base.config, weights, rows)


def _is_clustered(name: str, base: Base, weights: Weights, clusters: int) -> bool:
    """Whether an array has no more than `clusters` values in each of its parts, and more numbers than that."""
    if weights[name].ndim < 2:
        return False
    parts = np.split(weights[name], [base.shared_rows(name)])
    return all(len(np.unique(part)) <= clusters < part.size for part in parts if part.size)
