"""The artifact of this track: Hugging Face layout, plus `model.json` with what serving needs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from bench.api import Predictor, Probabilities
from transformers_pt.backbones import load_tokenizer, quiet
from transformers_pt.encode import Encoder
from transformers_pt.pooled import PooledClassifier

SLICE = 32
"""Texts that go through the network at once."""
HEAD = "head.safetensors"


def save_artifact(folder: Path, model: Any, encoder: Encoder, facts: Mapping[str, Any]) -> None:
    """Weights as safetensors, tokenizer, and `facts` (labels, pooling, where the backbone is from)."""
    if isinstance(model, PooledClassifier):
        model.encoder.save_pretrained(folder)
        save_file({k: v.contiguous() for k, v in model.classifier.state_dict().items()}, str(folder / HEAD))
    else:
        model.save_pretrained(folder)
    encoder.tokenizer.save_pretrained(folder)
    write_facts(folder, encoder, facts)


def write_facts(folder: Path, encoder: Encoder, facts: Mapping[str, Any]) -> None:
    """`model.json`: `facts`, and what texts must go through before the tokenizer."""
    told = dict(facts) | {"normalization": encoder.normalization, "max_length": encoder.max_length}
    text = json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    (folder / "model.json").write_text(text, encoding="utf-8")


def load_artifact(folder: Path) -> TorchPredictor:
    """What `save_artifact` wrote, on the CPU in float32."""
    from transformers import AutoModel, AutoModelForSequenceClassification

    quiet()
    facts = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    if facts["pooling"] == "head":
        model = AutoModelForSequenceClassification.from_pretrained(folder, dtype="float32")
    else:
        backbone = AutoModel.from_pretrained(folder, dtype="float32")
        model = PooledClassifier(backbone, facts["pooling"], len(facts["label_names"]), 0.0)
        model.classifier.load_state_dict(load_file(str(folder / HEAD)))
    encoder = Encoder(load_tokenizer(folder), facts["normalization"], facts["max_length"])
    return TorchPredictor(model.eval(), encoder, len(facts["label_names"]))


class TorchPredictor(Predictor):
    """Tokenizer, then the network in PyTorch, float32 on the CPU."""

    runtime = "torch"

    def __init__(self, model: Any, encoder: Encoder, labels: int) -> None:
        self.model, self.encoder, self.labels = model, encoder, labels
        self.pad_id = encoder.tokenizer.pad_token_id
        weights = list(model.parameters())
        self.parameters = sum(w.numel() for w in weights)
        self.nonzero_parameters = sum(int(torch.count_nonzero(w)) for w in weights)

    def predict_proba(self, texts: Sequence[str]) -> Probabilities:
        """Float32 [n_texts, n_labels]; many texts go through in slices of like length, and come back in order."""
        ids = self.encoder(texts)
        out = np.zeros((len(ids), self.labels), np.float32)
        order = np.argsort([len(row) for row in ids], kind="stable")
        for start in range(0, len(ids), SLICE):
            chosen = order[start : start + SLICE]
            out[chosen] = self._forward(self._tensors([ids[i] for i in chosen]))
        return out

    def stages(self) -> dict[str, Callable[[Any], Any]]:
        """Texts to padded piece ids, ids to probabilities."""
        return {"tokenize": lambda texts: self._tensors(self.encoder(texts)), "forward": self._forward}

    def _tensors(self, ids: Sequence[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        longest = max(len(row) for row in ids)
        rows = [row + [self.pad_id] * (longest - len(row)) for row in ids]
        mask = [[1] * len(row) + [0] * (longest - len(row)) for row in ids]
        return torch.tensor(rows), torch.tensor(mask)

    def _forward(self, tensors: tuple[torch.Tensor, torch.Tensor]) -> Probabilities:
        ids, mask = tensors
        with torch.inference_mode():
            logits = self.model(input_ids=ids, attention_mask=mask).logits
        return np.asarray(torch.softmax(logits.float(), dim=-1).numpy())
