"""ONNX files in int8, by ONNX Runtime's quantizer: weights per channel, embeddings included."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import onnx
import onnxruntime
import torch
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType
from onnxruntime.quantization import quantize_dynamic as _dynamic
from onnxruntime.quantization import quantize_static as _static

from compression.kernels import count_matmuls
from transformers_pt.predictor import Padded

OPTIONS = {"DefaultTensorType": onnx.TensorProto.FLOAT}  # of tensors whose type the quantizer cannot infer


def quantize_dynamic(source: Path, target: Path, operators: tuple[str, ...] = ("MatMul", "Gather")) -> None:
    """Dynamic: weights int8; activations become uint8 while it runs, by the range of each batch."""
    _dynamic(
        source, target, op_types_to_quantize=list(operators), per_channel=True, reduce_range=_reduced(),
        weight_type=QuantType.QInt8, extra_options=OPTIONS,
    )  # fmt: skip


def quantize_static(source: Path, target: Path, batches: Iterable[Padded]) -> None:
    """Static: weights int8; activations uint8 by their ranges over `batches`. Attention stays float."""
    with tempfile.TemporaryDirectory(prefix="sentibench-") as work:
        embedded = Path(work) / "embedded.onnx"
        quantize_dynamic(source, embedded, ("Gather",))
        _static(
            embedded, target, _Reader(batches), quant_format=QuantFormat.QDQ, op_types_to_quantize=["MatMul"],
            nodes_to_exclude=_weightless(embedded), per_channel=True, reduce_range=_reduced(),
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, extra_options=OPTIONS,
        )  # fmt: skip


class _Reader(CalibrationDataReader):
    def __init__(self, batches: Iterable[Padded]) -> None:
        self.batches = iter(batches)

    def get_next(self) -> Any:
        batch = next(self.batches, None)
        return None if batch is None else {"input_ids": batch[0], "attention_mask": batch[1]}


def _weightless(path: Path) -> list[str]:
    """Matmuls of activations with each other: queries with keys, attention with values."""
    graph = onnx.load(path).graph
    weights = {tensor.name for tensor in graph.initializer}
    return [node.name for node in graph.node if node.op_type == "MatMul" and node.input[1] not in weights]


def _reduced() -> bool:
    """Without int8 instructions that add in 32 bits, sums of products overflow 16 bits: weights get 7 bits."""
    x86 = torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512")
    return x86 and not torch.cpu._is_vnni_supported()


def kernels(path: Path) -> dict[str, int]:
    """How often each matmul stands in the graph that ONNX Runtime executes here, after its fusions."""
    with tempfile.TemporaryDirectory(prefix="sentibench-") as work:
        options = onnxruntime.SessionOptions()
        options.optimized_model_filepath = str(Path(work) / "executed.onnx")
        options.log_severity_level = 3  # no warning that the optimized file is for this machine alone
        onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        return count_matmuls(node.op_type for node in onnx.load(options.optimized_model_filepath).graph.node)
