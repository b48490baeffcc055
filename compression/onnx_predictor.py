"""ONNX Runtime serves a model."""

from __future__ import annotations

from pathlib import Path

import onnxruntime

from bench.api import thread_limit, waits_passively
from compression.bundle import BundleFacts, BundlePredictor
from transformers_pt.encode import Encoder
from transformers_pt.predictor import Logits, Padded

MODEL = "model.onnx"


class OnnxPredictor(BundlePredictor):
    """Tokenizer, then the network in ONNX Runtime on the CPU."""

    runtime = "onnxruntime"

    def __init__(self, folder: Path, encoder: Encoder, facts: BundleFacts) -> None:
        super().__init__(encoder, facts)
        self.dtype = facts["dtype"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = thread_limit(), 1
        if waits_passively():
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session = onnxruntime.InferenceSession(str(folder / MODEL), options, providers=["CPUExecutionProvider"])

    def _logits(self, padded: Padded) -> Logits:
        logits: Logits
        (logits,) = self.session.run(None, {"input_ids": padded[0], "attention_mask": padded[1]})
        return logits
