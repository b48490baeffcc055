"""OpenVINO serves a model."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import openvino

from bench.api import thread_limit
from compression.bundle import BundleFacts, BundlePredictor
from transformers_pt.encode import Encoder
from transformers_pt.predictor import Logits, Padded

MODEL = "model.xml"
STEP = 16
"""A single text is padded to a multiple of it: OpenVINO compiles again, in tens of milliseconds, for each new shape.

A batch is not: padding it would cost more than that.
"""
NAMES = {"f32": "float32", "bf16": "bfloat16", "f16": "float16", "i8": "int8", "u8": "int8"}


class OpenvinoPredictor(BundlePredictor):
    """Tokenizer, then the network in OpenVINO on the CPU."""

    runtime = "openvino"

    def __init__(self, folder: Path, encoder: Encoder, facts: BundleFacts) -> None:
        super().__init__(encoder, facts)
        # By default OpenVINO computes in bfloat16 on a CPU that can, which would change probabilities from CPU to CPU.
        options = {
            "INFERENCE_PRECISION_HINT": facts["hint"], "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": str(thread_limit()),
        }  # fmt: skip
        self.model = openvino.Core().compile_model(folder / MODEL, "CPU", options)
        self.dtype = executed_dtype(self.model)

    def _logits(self, padded: Padded) -> Logits:
        ids, mask = padded
        length = ids.shape[1]
        more = min(-length % STEP, max(self.encoder.max_length - length, 0)) if len(ids) == 1 else 0
        ids = np.pad(ids, ((0, 0), (0, more)), constant_values=self.pad_id)
        mask = np.pad(mask, ((0, 0), (0, more)))
        logits: Logits = self.model({"input_ids": ids, "attention_mask": mask})[0]
        return logits


def executed_dtype(compiled: Any) -> str:
    """What most matmuls with weights are really computed in, by the compiled graph."""
    infos = [op.get_rt_info() for op in compiled.get_runtime_model().get_ops()]
    precisions = [_text(i["runtimePrecision"]) for i in infos if _text(i["layerType"]) in ("FullyConnected", "MatMul")]
    return Counter(NAMES.get(name, name) for name in precisions).most_common(1)[0][0]


def _text(value: Any) -> str:
    return str(value.astype(str) if hasattr(value, "astype") else value)
