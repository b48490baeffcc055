"""PyTorch serves a model that was compiled ahead of time."""

from __future__ import annotations

from pathlib import Path

import torch

from compression.bundle import BundleFacts, BundlePredictor
from compression.compiled import FILE, need
from transformers_pt.encode import Encoder
from transformers_pt.predictor import Logits, Padded


class CompiledPredictor(BundlePredictor):
    """Tokenizer, then the network in machine code of its own; `transformers` and a compiler are not needed."""

    runtime = "aotinductor"

    def __init__(self, folder: Path, encoder: Encoder, facts: BundleFacts) -> None:
        super().__init__(encoder, facts)
        self.dtype = facts["dtype"]
        need(facts["built_for"])
        # `torch._inductor.aoti_load_package` is this behind seconds of imports that only compiling needs.
        self.model = torch._C._aoti.AOTIModelPackageLoader(str(folder / FILE), "model", False, 1, -1)

    def _logits(self, padded: Padded) -> Logits:
        with torch.inference_mode():
            (logits,) = self.model.run([torch.from_numpy(part) for part in padded])
        found: Logits = logits.numpy()
        return found
