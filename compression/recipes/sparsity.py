"""Unstructured pruning: the smallest weights become zero. Nothing gets smaller or faster by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from bench.api import Compression, Params, Split, Training, Uniform
from compression.recipes.prune import RECOVERY, check_ratio


class Sparsity(Compression):
    """The share `ratio` of the weights of an encoder's layers, the smallest of all of them, becomes zero (global L1).

    For comparison with work that reports it: tensors keep their shapes, so file and speed stay as they are.
    """

    name, framework = "sparsity", "pytorch"
    requires: ClassVar[tuple[str, ...]] = ("torch", "transformers")
    defaults = {"ratio": 0.5, **RECOVERY}
    space = {"ratio": Uniform(0.1, 0.95)}
    smoke = {"recovery_epochs": 1}
    sources = ("parents.py", "recipes/prune.py", "recovery.py")

    def builds_on(self, params: Params) -> tuple[str, ...]:
        """Parent, training and child are of `finetune`."""
        return ("finetune",)

    def layout(self, parents: Sequence[Mapping[str, Any]], params: Params) -> str:
        """That of `finetune`."""
        return "finetune"

    def taught(self, params: Params) -> bool:
        """With `teach`."""
        return bool(params["teach"])

    def compress(
        self, parents: Sequence[Path], train: Split, validation: Split, params: Params, seed: int, out_dir: Path
    ) -> Training:
        """Zero the smallest weights, train the others on, save."""
        check_ratio(params["ratio"])
        from torch import nn
        from torch.nn.utils import prune

        from compression.parents import open_parent
        from compression.recovery import Recovery
        from transformers_pt.artifact import save_artifact
        from transformers_pt.layers import encoder_layers

        parent = open_parent(parents, self.name)
        recovery = Recovery.prepare(parent, parents[0], train, validation, params, seed)
        modules = [part for part in encoder_layers(parent.model).modules() if isinstance(part, nn.Linear)]
        weights = [(module, "weight") for module in modules]
        prune.global_unstructured(weights, pruning_method=prune.L1Unstructured, amount=params["ratio"])
        recovery.run(params["recovery_epochs"])
        for module in modules:
            prune.remove(module, "weight")
        save_artifact(out_dir, parent.model, parent.encoder, parent.facts)
        return recovery.log
