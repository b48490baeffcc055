"""Artifacts of other runtimes than PyTorch in float32: one model, its tokenizer, `model.json`."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TypedDict, Unpack, cast

from bench.api import Predictor
from compression.parents import ParentModel
from transformers_pt.encode import Encoder
from transformers_pt.facts import ModelFacts, encoder_of, read_facts, write_facts
from transformers_pt.predictor import EncoderPredictor

PREDICTORS = {
    "aotinductor": ("compression.compiled_predictor", "CompiledPredictor"),
    "onnx": ("compression.onnx_predictor", "OnnxPredictor"),
    "openvino": ("compression.openvino_predictor", "OpenvinoPredictor"),
    "torch-int8": ("compression.torch_int8", "Int8Predictor"),
}
"""What serves each format: module and class, imported when it is needed."""


class FormatFacts(TypedDict, total=False):
    """What some formats add to `model.json`."""

    dtype: str
    """What most matmuls run in, where that is not asked of the runtime."""
    hint: str
    """OpenVINO's name of the precision to compute in."""
    kernels: dict[str, int]
    """How often each kernel for matmuls is called."""
    built_for: dict[str, str]
    """What compiled code needs of a machine."""


class BundleFacts(ModelFacts, FormatFacts):
    """`model.json` of a bundle."""

    parameters: int
    nonzero_parameters: int
    format: str
    """A key of `PREDICTORS`."""
    pad_id: int


class BundlePredictor(EncoderPredictor):
    """What all of them read from `model.json`."""

    def __init__(self, encoder: Encoder, facts: BundleFacts) -> None:
        super().__init__(encoder, len(facts["label_names"]), facts.get("multi_label", False))
        self.parameters, self.nonzero_parameters = facts["parameters"], facts["nonzero_parameters"]


def close_bundle(folder: Path, parent: ParentModel, form: str, **added: Unpack[FormatFacts]) -> None:
    """Put what serving needs beside the model that lies in `folder` already."""
    import torch

    weights = list(parent.model.parameters())
    tokenizer = parent.encoder.tokenizer
    tokenizer.save_pretrained(folder)
    facts: BundleFacts = {
        **parent.facts,
        "parameters": sum(w.numel() for w in weights),
        "nonzero_parameters": sum(int(torch.count_nonzero(w)) for w in weights),
        "format": form,
        "pad_id": tokenizer.pad_token_id,
        **added,
    }
    write_facts(folder, parent.encoder, facts)


def load_bundle(folder: Path) -> Predictor:
    """What `close_bundle` left, by the runtime that its format needs."""
    from compression.tokenizer import load_tokenizer_file

    facts = cast(BundleFacts, read_facts(folder))
    module, name = PREDICTORS[facts["format"]]
    encoder = encoder_of(load_tokenizer_file(folder, facts["pad_id"]), facts)
    predictor: Predictor = getattr(importlib.import_module(module), name)(folder, encoder, facts)
    return predictor
