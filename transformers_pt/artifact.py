"""The artifact of this track: Hugging Face layout, plus `model.json` with what serving needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from transformers_pt.backbones import check_folder, load_tokenizer, quiet
from transformers_pt.empty import empty_model, without_pooler
from transformers_pt.encode import Encoder
from transformers_pt.facts import ModelFacts, encoder_of, read_facts, write_facts
from transformers_pt.pooled import PooledClassifier
from transformers_pt.predictor import EncoderPredictor, Logits, Padded

HEAD = "head.safetensors"


def save_artifact(folder: Path, model: Any, encoder: Encoder, facts: ModelFacts) -> None:
    """Weights as safetensors, tokenizer, and `facts` (labels, pooling, where the backbone is from)."""
    if isinstance(model, PooledClassifier):
        model.encoder.save_pretrained(folder)
        save_file({k: v.contiguous() for k, v in model.classifier.state_dict().items()}, str(folder / HEAD))
    else:
        model.save_pretrained(folder)
    encoder.tokenizer.save_pretrained(folder)
    write_facts(folder, encoder, facts)


def load_artifact(folder: Path) -> TorchPredictor:
    """What `save_artifact` wrote, on the CPU in float32."""
    return TorchPredictor.of(*load_parts(folder))


def load_parts(folder: Path) -> tuple[Any, Encoder, ModelFacts]:
    """The model of an artifact, float32 and set to predict, what encodes its texts, and its facts."""
    quiet()
    facts = read_facts(folder)
    kind = "classifier" if facts["pooling"] == "head" else "encoder"
    if "shapes" in facts:  # a configuration has one width for all layers, and these are uneven
        model = empty_model(folder, kind, facts)
        model.load_state_dict(load_file(str(folder / "model.safetensors")))
    else:
        model = _load_even(folder, kind)
    if kind == "encoder":
        model = PooledClassifier(model, facts["pooling"], len(facts["label_names"]), 0.0, facts.get("width"))
        model.classifier.load_state_dict(load_file(str(folder / HEAD)))
    return model.eval(), encoder_of(load_tokenizer(folder), facts), facts


def _load_even(folder: Path, kind: str) -> Any:
    from transformers import AutoModel, AutoModelForSequenceClassification

    check_folder(folder)
    loader: Any = AutoModelForSequenceClassification if kind == "classifier" else AutoModel
    model = loader.from_pretrained(folder, dtype="float32", use_safetensors=True, trust_remote_code=False)
    return without_pooler(model) if kind == "encoder" else model


class TorchPredictor(EncoderPredictor):
    """Tokenizer, then the network in PyTorch, float32 on the CPU."""

    runtime = "torch"

    @classmethod
    def of(cls, model: Any, encoder: Encoder, facts: ModelFacts) -> TorchPredictor:
        """Of what `load_parts` gives."""
        return cls(model, encoder, len(facts["label_names"]), facts.get("multi_label", False))

    def __init__(self, model: Any, encoder: Encoder, labels: int, multi_label: bool = False) -> None:
        super().__init__(encoder, labels, multi_label)
        self.model = model
        weights = list(model.parameters())
        self.parameters = sum(w.numel() for w in weights)
        self.nonzero_parameters = sum(int(torch.count_nonzero(w)) for w in weights)

    def _logits(self, padded: Padded) -> Logits:
        ids, mask = map(torch.from_numpy, padded)
        with torch.inference_mode():
            found: Logits = self.model(input_ids=ids, attention_mask=mask).logits.float().numpy()
        return found
