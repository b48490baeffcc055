"""What `quantize` makes of a parent, one function a target."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from bench.api import Params, Split
from compression.bundle import close_bundle
from compression.calibration import calibration
from compression.parents import ParentModel

Maker = Callable[[ParentModel, Split, Params, int, Path], None]


def _torch_int8(parent: ParentModel, train: Split, params: Params, seed: int, out_dir: Path) -> None:
    from compression.torch_int8 import save_int8

    save_int8(parent.model, out_dir)
    close_bundle(out_dir, parent, "torch-int8", dtype="int8")


def _torchao_int8(parent: ParentModel, train: Split, params: Params, seed: int, out_dir: Path) -> None:
    from compression.compiled import save_compiled
    from compression.torchao_int8 import rounded

    save_compiled(rounded(parent.model), parent, out_dir)


def _onnx_int8(parent: ParentModel, train: Split, params: Params, seed: int, out_dir: Path) -> None:
    from compression.onnx_int8 import quantize_dynamic

    with _exported(parent) as source:
        quantize_dynamic(source, out_dir / "model.onnx")
    _close_onnx(parent, out_dir)


def _onnx_static_int8(parent: ParentModel, train: Split, params: Params, seed: int, out_dir: Path) -> None:
    from compression.onnx_int8 import quantize_static

    batches = calibration(train, parent.encoder, params["calibration"], seed)
    with _exported(parent) as source:
        quantize_static(source, out_dir / "model.onnx", batches)
    _close_onnx(parent, out_dir)


def _close_onnx(parent: ParentModel, out_dir: Path) -> None:
    from compression.kernels import executed_dtype
    from compression.onnx_int8 import kernels

    counted = kernels(out_dir / "model.onnx")
    close_bundle(out_dir, parent, "onnx", dtype=executed_dtype(counted), kernels=counted)


def _openvino_int8(parent: ParentModel, train: Split, params: Params, seed: int, out_dir: Path) -> None:
    from compression import openvino_model

    batches = calibration(train, parent.encoder, params["calibration"], seed)
    with _exported(parent) as source:
        model = openvino_model.quantize(openvino_model.convert(source), batches)
    openvino_model.save(model, out_dir / "model.xml")
    # What is not int8 stays float32 on every CPU, so that the quality holds wherever it is served.
    close_bundle(out_dir, parent, "openvino", hint="f32")


def _openvino_bf16(parent: ParentModel, train: Split, params: Params, seed: int, out_dir: Path) -> None:
    from compression import openvino_model

    openvino_model.need_bfloat16()
    with _exported(parent) as source:
        openvino_model.save(openvino_model.convert(source), out_dir / "model.xml")
    close_bundle(out_dir, parent, "openvino", hint="bf16")


def _halved(dtype: torch.dtype, parent: ParentModel, train: Split, params: Params, seed: int, out_dir: Path) -> None:
    from transformers_pt.artifact import save_artifact

    save_artifact(out_dir, parent.model.to(dtype), parent.encoder, parent.facts)


@contextmanager
def _exported(parent: ParentModel) -> Iterator[Path]:
    """The parent as an ONNX file that is gone afterwards."""
    from compression.onnx_export import export_onnx

    with tempfile.TemporaryDirectory(prefix="sentibench-") as work:
        export_onnx(parent.model, parent.encoder.max_length, Path(work) / "model.onnx")
        yield Path(work) / "model.onnx"


MAKERS: dict[str, Maker] = {
    "torch-int8": _torch_int8,
    "torchao-int8": _torchao_int8,
    "onnx-int8": _onnx_int8,
    "onnx-static-int8": _onnx_static_int8,
    "openvino-int8": _openvino_int8,
    "openvino-bf16": _openvino_bf16,
    "float16": functools.partial(_halved, torch.float16),
    "bfloat16": functools.partial(_halved, torch.bfloat16),
}
"""By what `to` asks for: each fills the empty folder."""
