"""Quantized encoders: int8 inside of the file, smaller, near the parent, the parent untouched."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from safetensors.torch import load_file

from bench.api import BenchError
from bench.artifact import folder_hash
from bench.requirements import requirements_file
from bench.run.keys import package_versions
from compression.parents import open_parent
from compression.qat import RoundedWeight
from compression.recipes.quantize import TARGETS, Quantize
from compression.torch_int8 import to_int8
from tests.compression.parents import ASKED, TRAIN, asked, child, loaded, needs_compiler, size

COMPILED = [needs_compiler, pytest.mark.slow]
INT8 = [pytest.param(to, marks=COMPILED if to == "torchao-int8" else []) for to in TARGETS if "int8" in to]
FAMILY = {
    "torch-int8": "roberta",
    "torchao-int8": "electra",
    "onnx-int8": "bert",
    "onnx-static-int8": "distilbert",
    "openvino-int8": "bert",
}


@pytest.fixture(scope="module")
def quantized(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, Path]:
    """A target, its parent's folder, its own."""
    parent = request.getfixturevalue(FAMILY[request.param])
    before, folder = folder_hash(parent), tmp_path_factory.mktemp("quantized") / "child"
    child(Quantize(), parent, folder, to=request.param, calibration=32)
    assert folder_hash(parent) == before
    return request.param, parent, folder


@pytest.mark.parametrize("quantized", INT8, indirect=True)
def test_int8_is_int8_inside_and_near_its_parent(quantized: tuple[str, Path, Path]) -> None:
    to, parent, folder = quantized
    weights, floats = WEIGHTS[to](folder, parent)
    assert weights >= 0.95 * (weights + floats), f"{weights} numbers of weights are int8, {floats} are float"
    predictor = loaded(folder)
    assert (predictor.runtime, predictor.dtype) == (RUNTIMES[to.split("-")[0]], "int8")
    assert predictor.parameters == loaded(parent).parameters
    difference = np.abs(asked(folder) - asked(parent))
    assert 0 < difference.max() < 0.1
    if to not in ("torch-int8", "onnx-int8"):  # ranges are not the batch's: a text's answer does not hang on it
        alone = np.concatenate([predictor.predict_proba([text]) for text in ASKED[:6]])
        np.testing.assert_allclose(alone, predictor.predict_proba(ASKED)[:6], atol=1e-4)


BYTES = (onnx.TensorProto.INT8, onnx.TensorProto.UINT8)
"""Of matrices, and of embeddings."""
RUNTIMES = {"torch": "torch", "torchao": "aotinductor", "onnx": "onnxruntime", "openvino": "openvino"}


def _in_onnx(folder: Path, parent: Path) -> tuple[int, int]:
    counted: Counter[bool] = Counter()
    for tensor in onnx.load(folder / "model.onnx").graph.initializer:
        if len(tensor.dims) == 2 and tensor.data_type in (*BYTES, onnx.TensorProto.FLOAT):
            counted[tensor.data_type in BYTES] += int(np.prod(tensor.dims))
    assert sum(json.loads((folder / "model.json").read_text())["kernels"].values()) > 0
    return counted[True], counted[False]


def _in_openvino(folder: Path, parent: Path) -> tuple[int, int]:
    import openvino

    counted: Counter[bool] = Counter()
    for op in openvino.Core().read_model(folder / "model.xml").get_ops():
        shape = op.get_output_shape(0) if op.get_type_name() == "Constant" else ()
        if len(shape) == 2 and min(shape) > 1 and op.get_element_type() in (openvino.Type.i8, openvino.Type.f32):
            counted[op.get_element_type() == openvino.Type.i8] += int(np.prod(shape))
    return counted[True], counted[False]


def _in_compiled(folder: Path, parent: Path) -> tuple[int, int]:
    from compression.torchao_int8 import rounded

    with zipfile.ZipFile(folder / "model.pt2") as package:
        (code,) = (package.read(name) for name in package.namelist() if name.endswith(".so"))
        assert not [name for name in package.namelist() if name.endswith(".cpp")]
    model, counted = open_parent([parent], "quantize").model, Counter[bool]()
    low = dict(rounded(model).named_modules())
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear | torch.nn.Embedding):
            weight = low[name].weight
            counted[True] += _inside(getattr(weight, "qdata", weight), code)
            counted[False] += _inside(module.weight.detach(), code)
    assert set(json.loads((folder / "model.json").read_text())["kernels"]) == {"_int_mm_out"}
    return counted[True], counted[False]


def _inside(tensor: torch.Tensor, code: bytes) -> int:
    """How many numbers it has, if a file has them all, by rows or by columns."""
    return tensor.numel() * any(way.contiguous().numpy().tobytes() in code for way in (tensor, tensor.T))


def _in_safetensors(folder: Path, parent: Path) -> tuple[int, int]:
    tensors = [tensor for tensor in load_file(folder / "model.safetensors").values() if tensor.ndim == 2]
    return tuple(sum(t.numel() for t in tensors if t.dtype == dtype) for dtype in (torch.int8, torch.float32))


WEIGHTS: dict[str, Any] = {
    "onnx-int8": _in_onnx,
    "onnx-static-int8": _in_onnx,
    "openvino-int8": _in_openvino,
    "torch-int8": _in_safetensors,
    "torchao-int8": _in_compiled,
}
"""Numbers in matrices: those that are int8, those that are not."""


@pytest.mark.parametrize("quantized", INT8, indirect=True)
def test_each_output_of_a_matrix_has_a_scale_of_its_own(quantized: tuple[str, Path, Path]) -> None:
    to, parent, folder = quantized
    found = [*SCALES[to](folder, parent)]
    assert len(found) > 6 and all(scales == outputs for outputs, scales in found), found


def _scales_in_onnx(folder: Path, parent: Path) -> Iterator[tuple[int, int]]:
    tensors = {tensor.name: tensor for tensor in onnx.load(folder / "model.onnx").graph.initializer}
    for name, tensor in tensors.items():
        if len(tensor.dims) == 2 and tensor.data_type == onnx.TensorProto.INT8:
            yield tensor.dims[1], int(np.prod(tensors[name.replace("_quantized", "_scale")].dims))


def _scales_in_openvino(folder: Path, parent: Path) -> Iterator[tuple[int, int]]:
    import openvino

    def reader(op: Any) -> Any:
        return next(iter(op.output(0).get_target_inputs())).get_node()

    for op in openvino.Core().read_model(folder / "model.xml").get_ops():
        if op.get_type_name() == "Constant" and op.get_element_type() == openvino.Type.i8:
            scale = reader(reader(op)).input_value(1).get_shape()  # converted, then multiplied
            outputs = op.get_output_shape(0)[int(scale[0] == 1)]  # embeddings and the head lie the other way
            yield outputs, int(np.prod(scale))


def _scales_in_compiled(folder: Path, parent: Path) -> Iterator[tuple[int, int]]:
    from compression.torchao_int8 import rounded

    for module in rounded(open_parent([parent], "quantize").model).modules():
        if isinstance(module, torch.nn.Linear):
            yield len(module.weight), module.weight.scale.numel()


def _scales_in_safetensors(folder: Path, parent: Path) -> Iterator[tuple[int, int]]:
    tensors = load_file(folder / "model.safetensors")
    for name, tensor in tensors.items():
        if tensor.dtype == torch.int8:
            yield len(tensor), tensors[f"{name}_scale"].numel()


SCALES: dict[str, Any] = {
    "onnx-int8": _scales_in_onnx,
    "onnx-static-int8": _scales_in_onnx,
    "openvino-int8": _scales_in_openvino,
    "torch-int8": _scales_in_safetensors,
    "torchao-int8": _scales_in_compiled,
}
"""Of each int8 matrix: how many outputs (or embedded tokens), how many scales."""


def test_small_rows_keep_their_numbers_beside_large_ones() -> None:
    """In the file, and in training for it: an error is at most half a step of its own row."""
    weight = torch.randn(3, 64, generator=torch.Generator().manual_seed(0)) * torch.tensor([[1e-3], [1.0], [1e3]])
    numbers, scales = to_int8(weight)
    for rounded in (numbers * scales[:, None], RoundedWeight()(weight)):
        assert ((rounded - weight).abs().amax(1) <= weight.abs().amax(1) / 254 * 1.001).all()


@pytest.mark.parametrize(("to", "near"), [("float16", 1e-3), ("bfloat16", 2e-2)])
def test_halves_are_half_the_file_and_stay_a_parent(to: str, near: float, roberta: Path, tmp_path: Path) -> None:
    folder = tmp_path / "child"
    child(Quantize(), roberta, folder, to=to)
    files = [(f / "model.safetensors").stat().st_size for f in (folder, roberta)]
    assert files[0] < 0.55 * files[1] and size(folder) < size(roberta)
    np.testing.assert_allclose(asked(folder), asked(roberta), atol=near)
    assert loaded(folder).dtype == "float32"
    assert open_parent([folder], "prune").facts == open_parent([roberta], "prune").facts


def test_bfloat16_of_openvino_is_what_was_executed(bert: Path, tmp_path: Path) -> None:
    import openvino

    if "BF16" not in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        with pytest.raises(BenchError, match="does not multiply in bfloat16"):
            child(Quantize(), bert, tmp_path / "child", to="openvino-bf16")
        return
    child(Quantize(), bert, tmp_path / "child", to="openvino-bf16")
    assert loaded(tmp_path / "child").dtype == "bfloat16"
    np.testing.assert_allclose(asked(tmp_path / "child"), asked(bert), atol=0.05)


def test_nothing_to_calibrate_on_is_refused(bert: Path, tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="calibration=0 of 300 training texts: there is nothing to calibrate on"):
        child(Quantize(), bert, tmp_path / "a", to="openvino-int8", calibration=0)
    empty = replace(TRAIN, ids=[], texts=[], labels=TRAIN.labels[:0])
    (tmp_path / "b").mkdir()
    params = {**Quantize.defaults, "to": "onnx-static-int8", "calibration": 8}
    with pytest.raises(BenchError, match="nothing to calibrate on"):
        Quantize().compress([bert], empty, empty, params, 0, tmp_path / "b")


def test_an_unknown_target_names_the_nearest(bert: Path, tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="to=onnx-int4: did you mean 'onnx-int8'"):
        child(Quantize(), bert, tmp_path / "child", to="onnx-int4")


def test_a_target_takes_its_runtime_alone_and_its_extra_is_named() -> None:
    plain = set(Quantize().resolve(Quantize.defaults | {"to": "torch-int8"}).requires)
    extra = {to: set(Quantize().resolve(Quantize.defaults | {"to": to}).requires) - plain for to in TARGETS}
    assert not extra["float16"] and "openvino" not in extra["onnx-int8"] and "nncf" in extra["openvino-int8"]
    assert {requirements_file(name) for names in extra.values() for name in names} == {"requirements-compress.txt"}
    assert "nncf" in package_versions(Quantize().resolve(Quantize.defaults | {"to": "openvino-int8"}))


def test_it_learns_under_the_rounding_that_is_to_come(distilbert: Path, tmp_path: Path) -> None:
    log = child(Quantize(), distilbert, tmp_path / "aware", to="torch-int8", qat=True, precision="float32")
    child(Quantize(), distilbert, tmp_path / "plain", to="torch-int8")
    assert log.epochs_run == 1 and "validation_accuracy" in log.history[0]
    aware, plain = (load_file(tmp_path / name / "model.safetensors") for name in ("aware", "plain"))
    assert {k: (t.shape, t.dtype) for k, t in aware.items()} == {k: (t.shape, t.dtype) for k, t in plain.items()}
    assert any(not torch.equal(aware[name], plain[name]) for name in aware)
    assert loaded(tmp_path / "aware").dtype == "int8"
    with pytest.raises(BenchError, match="qat=true is training for int8; to=float16"):
        child(Quantize(), distilbert, tmp_path / "half", to="float16", qat=True)
