"""ONNX to OpenVINO, and its int8 by NNCF."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openvino

from bench.api import BenchError
from transformers_pt.predictor import Padded


def convert(source: Path) -> Any:
    """The OpenVINO model of an ONNX file."""
    try:
        return openvino.Core().read_model(source)  # convert_model would cut the path at its commas
    except Exception as error:
        message = " ".join(str(error).split())[:300]
        raise BenchError(f"the model does not convert to OpenVINO: {message}") from None


def save(model: Any, path: Path) -> None:
    """Write `path` and the weights beside it, as they are."""
    openvino.save_model(model, path, compress_to_fp16=False)


def quantize(model: Any, batches: Sequence[Padded]) -> Any:
    """Weights and activations int8, ranges by `batches` of training texts (NNCF, its preset for transformers)."""
    import nncf

    rows = [{"input_ids": ids, "attention_mask": mask} for ids, mask in batches]
    return nncf.quantize(model, nncf.Dataset(rows), model_type=nncf.ModelType.TRANSFORMER, subset_size=len(rows))


def need_bfloat16() -> None:
    """A `BenchError` where this CPU does not multiply in bfloat16."""
    if "BF16" not in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        raise BenchError("this CPU does not multiply in bfloat16 (it takes AVX-512 BF16 or AMX): use openvino-int8")
