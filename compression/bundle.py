"""Artifacts of other runtimes than PyTorch in float32: one model, its tokenizer, `model.json`."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from bench.api import Predictor
from compression.parents import ParentModel
from transformers_pt.encode import Encoder
from transformers_pt.facts import read_facts, write_facts
from transformers_pt.predictor import EncoderPredictor

PREDICTORS = {
    "aotinductor": ("compression.compiled_predictor", "CompiledPredictor"),
    "onnx": ("compression.onnx_predictor", "OnnxPredictor"),
    "openvino": ("compression.openvino_predictor", "OpenvinoPredictor"),
    "torch-int8": ("compression.torch_int8", "Int8Predictor"),
}
"""What serves each format: module and class, imported when asked for."""


class BundlePredictor(EncoderPredictor):
    """What all of them know from `model.json`."""

    def __init__(self, encoder: Encoder, facts: dict[str, Any]) -> None:
        super().__init__(encoder, len(facts["label_names"]))
        self.parameters, self.nonzero_parameters = facts["parameters"], facts["nonzero_parameters"]


def close_bundle(folder: Path, parent: ParentModel, form: str, **facts: Any) -> None:
    """Put what serving needs beside the model that lies in `folder` already."""
    import torch

    weights = list(parent.model.parameters())
    counted = {
        "parameters": sum(w.numel() for w in weights),
        "nonzero_parameters": sum(int(torch.count_nonzero(w)) for w in weights),
    }
    tokenizer = parent.encoder.tokenizer
    tokenizer.save_pretrained(folder)
    told = parent.facts | counted | {"format": form, "pad_id": tokenizer.pad_token_id} | facts
    write_facts(folder, parent.encoder, told)


def load_bundle(folder: Path) -> Predictor:
    """What `close_bundle` left, by the runtime that its format needs."""
    from compression.tokenizer import load_tokenizer_file

    facts = read_facts(folder)
    module, name = PREDICTORS[facts["format"]]
    encoder = Encoder(load_tokenizer_file(folder, facts["pad_id"]), facts["normalization"], facts["max_length"])
    predictor: Predictor = getattr(importlib.import_module(module), name)(folder, encoder, facts)
    return predictor
