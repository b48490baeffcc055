"""One compression by TensorFlow Model Optimization, from the parent's folder to the child's."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from baselines.artifact import Weights, save_artifact
from baselines.training import prepare_device
from bench.api import Params, Split, Training
from compression.tfmot import codebook, methods
from compression.tfmot.data import BASES, CHECKED, Base
from compression.tfmot.recovery import recover
from compression.tfmot.twins import read_weights


def compress(
    parent: Path, layout: str, train: Split, validation: Split, params: Params, seed: int, out_dir: Path
) -> Training:
    """Train the wrapped twin of `parent`, whose layout is `layout`, and leave the child in `out_dir`."""
    device = prepare_device(seed, "float32")
    base, method = BASES[layout](parent), params["method"]
    asked = {**base.params, "epochs": params["epochs"], "learning_rate": params["learning_rate"]}
    sparse = method != "qat"
    batches = base.batches(train, asked["batch_size"], seed, sparse)
    checks = base.batches(validation, CHECKED, None, sparse) if len(validation) else None
    plain = base.twin(asked, sparse)
    callbacks, first = [], 1
    if method == "prune":
        steps = batches.steps * asked["epochs"]
        model = methods.pruned(plain, params["sparsity"], steps)
        callbacks, first = [methods.pruning_step()], -(-methods.pruning_ends(steps) // batches.steps)
    elif method == "cluster":
        model = methods.clustered(plain, params["clusters"])
    else:
        model = methods.quantization_aware(plain)
    log = recover(model, batches, checks, train.labels, asked, device, callbacks, first)
    if method == "qat":
        from compression.litert.convert import export_quantized

        export_quantized(model, parent, out_dir)
        return log
    weights = base.weights | read_weights(methods.stripped(model, method))
    if method == "prune":
        save_artifact(out_dir, base.config, weights)
        codebook.copy_texts(parent, out_dir)
    else:
        rows = {name: base.shared_rows(name) for name in _clustered(base, weights, params["clusters"])}
        codebook.save_clustered(out_dir, parent, layout, base.config, weights, rows)
    return log


def _clustered(base: Base, weights: Weights, clusters: int) -> list[str]:
    """The arrays that have no more than `clusters` values in each of their parts."""

    def few(name: str) -> bool:
        parts = np.split(weights[name], [base.shared_rows(name)])
        return all(len(np.unique(part)) <= clusters < part.size for part in parts if part.size)

    return [name for name, value in weights.items() if value.ndim > 1 and few(name)]
