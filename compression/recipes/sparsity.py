"""Unstructured pruning: the smallest weights become zero. Nothing gets smaller or faster by it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from bench.api import STANDALONE, Params, RunContext, Split, Training, Uniform
from compression.recipes import prune


class Sparsity(prune.Prune):
    """The share `ratio` of the weights of an encoder's layers, the smallest of all of them, becomes zero (global L1).

    For comparison with work that reports it: tensors keep their shapes, so file and speed stay as they are.
    """

    name: ClassVar[str] = "sparsity"
    headline_param = "ratio"
    defaults = {
        "ratio": 0.5,  # share of the weights that become zero
        **prune.RECOVERY
    }  # fmt: skip
    space = {"ratio": Uniform(0.1, 0.95)}
    smoke = {"recovery_epochs": 1}
    sources = ("parents.py", "recipes/prune.py", "recovery.py")

    def compress(
        self,
        parents: Sequence[Path],
        train: Split,
        validation: Split,
        params: Params,
        seed: int,
        out_dir: Path,
        context: RunContext = STANDALONE,
    ) -> Training:
        """Zero the smallest weights, train the others on, save."""
        prune.check_ratio(params["ratio"])
        from torch import nn
        from torch.nn.utils.prune import L1Unstructured, global_unstructured, remove

        from compression.parents import open_parent
        from compression.recovery import Recovery
        from transformers_pt.artifact import save_artifact
        from transformers_pt.layers import encoder_layers

        parent = open_parent(parents, self.name)
        recovery = Recovery.prepare(parent, parents[0], train, validation, params, seed, context)
        modules = [part for part in encoder_layers(parent.model).modules() if isinstance(part, nn.Linear)]
        weights = [(module, "weight") for module in modules]
        global_unstructured(weights, pruning_method=L1Unstructured, amount=params["ratio"])
        recovery.run(params["recovery_epochs"])
        for module in modules:
            remove(module, "weight")
        save_artifact(out_dir, parent.model, parent.encoder, parent.facts)
        return recovery.log
