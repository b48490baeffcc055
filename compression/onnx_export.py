"""A PyTorch classifier as an ONNX file, batch and length free."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import onnx
import torch

from bench.api import BenchError
from compression.traced import Logits, example

OPERATOR = re.compile(r"OpOverload\(op='([^']+)'|\b(aten[.:]+[\w.]+)")


def export_onnx(model: Any, max_length: int, path: Path) -> None:
    """Write `model` with inputs `input_ids`, `attention_mask` int64 [batch, length] and output `logits`.

    Raises `BenchError` that names the operator where one has no counterpart in ONNX.
    """
    if hasattr(model, "base_model"):
        model.base_model.set_attn_implementation("eager")  # plain matmuls: what other runtimes recognize and fuse
    inputs, axes = example(max_length)
    try:
        program = torch.onnx.export(
            Logits(model).eval(), inputs, dynamo=True, dynamic_shapes=axes, verbose=False,
            input_names=["input_ids", "attention_mask"], output_names=["logits"], external_data=False,
        )  # fmt: skip
    except torch.onnx.OnnxExporterError as error:
        raise BenchError(f"{type(model).__name__} does not export to ONNX: {_culprit(error)}") from None
    assert program is not None
    onnx.save(_bare(program.model_proto), str(path))


def _bare(graph: onnx.ModelProto) -> onnx.ModelProto:
    """Without what the exporter notes of Python's source at each node, and the shapes it inferred, now out of date."""
    del graph.graph.value_info[:]
    for node in graph.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    return graph


def _culprit(error: BaseException) -> str:
    """The operator that an exporter's error names, somewhere in its chain of causes, else the error's first line."""
    cause: BaseException | None = error
    while cause is not None:
        match = OPERATOR.search(str(cause))
        if match:
            return f"operator {match[1] or match[2]} has no counterpart there"
        cause = cause.__cause__ or cause.__context__
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
