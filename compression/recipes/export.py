"""A trained encoder for another runtime, in float32: the same probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from bench.api import (
    STANDALONE,
    BenchError,
    Compression,
    Params,
    Predictor,
    Resolved,
    RunContext,
    Split,
    Training,
    did_you_mean,
)

RUNTIMES = {
    "onnx": ("onnx", "onnxscript", "onnxruntime"),
    "openvino": ("onnx", "onnxscript", "openvino"),
    "aotinductor": (),
}
"""What each takes to be made and served."""
SOURCES = (
    "bundle.py", "compiled.py", "compiled_predictor.py", "kernels.py", "onnx_export.py", "onnx_predictor.py",
    "openvino_model.py", "openvino_predictor.py", "parents.py", "tokenizer.py", "traced.py",
)  # fmt: skip


class Export(Compression):
    """An encoder for ONNX Runtime (`to=onnx`), OpenVINO (`to=openvino`) or compiled PyTorch (`to=aotinductor`).

    Float32, tokenizer in the bundle. Compiled code is for this machine's CPU and version of PyTorch.
    """

    name, framework = "export", "pytorch"
    requires: ClassVar[tuple[str, ...]] = ("torch", "transformers", "tokenizers")
    headline_param = "to"
    defaults = {
        "to": "onnx"  # `onnx`, `openvino` or `aotinductor`
    }  # fmt: skip
    takes = ("finetune", "lora")
    multi_label = True
    choices = {"to": tuple(RUNTIMES)}
    sources = SOURCES

    def resolve(self, params: Params) -> Resolved:
        """What the runtime takes, too; the parent is read by `finetune`."""
        requires = (*self.requires, *RUNTIMES.get(params["to"], ()))
        return replace(super().resolve(params), requires=requires, builds_on=("finetune",))

    def compress(
        self,
        parents: Sequence[Path],
        train: Split,
        validation: Split,
        params: Params,
        seed: int,
        out_dir: Path,
        context: RunContext = STANDALONE,
    ) -> Training:
        """No weight is changed."""
        if params["to"] not in RUNTIMES:
            raise BenchError(f"to={params['to']}: {did_you_mean(params['to'], RUNTIMES)}")
        from compression import bundle, onnx_export
        from compression.parents import open_parent

        parent = open_parent(parents, self.name)
        if params["to"] == "aotinductor":
            from compression.compiled import save_compiled

            save_compiled(parent.model, parent, out_dir)
            return Training()
        path = out_dir / "model.onnx"
        onnx_export.export_onnx(parent.model, parent.encoder.max_length, path)
        if params["to"] == "openvino":
            from compression import openvino_model

            openvino_model.save(openvino_model.convert(path), out_dir / "model.xml")
            path.unlink()
        bundle.close_bundle(out_dir, parent, params["to"], dtype="float32", hint="f32")
        return Training()

    def load(self, artifact_dir: Path) -> Predictor:
        """By the runtime that it was made for."""
        from compression.bundle import load_bundle

        return load_bundle(artifact_dir)
