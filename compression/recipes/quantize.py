"""A trained encoder in fewer bits, for the runtime that serves it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from bench.api import (
    STANDALONE,
    BenchError,
    Choice,
    Compression,
    Params,
    Predictor,
    Resolved,
    RunContext,
    Split,
    Training,
    did_you_mean,
)
from compression.recipes import export

ONNX = export.RUNTIMES["onnx"]
OPENVINO = export.RUNTIMES["openvino"]
TARGETS: dict[str, tuple[str, ...]] = {
    "torch-int8": (),
    "torchao-int8": ("torchao",),
    "onnx-int8": ONNX,
    "onnx-static-int8": ONNX,
    "openvino-int8": (*OPENVINO, "nncf"),
    "openvino-bf16": OPENVINO,
    "float16": (),
    "bfloat16": (),
}
"""What can be made, and the packages that it takes to be made and served."""


class Quantize(Compression):
    """An encoder in int8 or 16 bits, for PyTorch, ONNX Runtime or OpenVINO.

    `to` is one of `torch-int8`, `onnx-int8` (ranges of activations by batch, while it runs), `torchao-int8` (by token;
    compiled for this machine), `onnx-static-int8` and `openvino-int8` (ranges by `calibration` training texts),
    `openvino-bf16`, `float16` and `bfloat16` (the file alone is half: loaded, it computes in float32). With `qat=true`
    it learns on under int8's rounding before it is rounded.
    """

    name, framework = "quantize", "pytorch"
    requires: ClassVar[tuple[str, ...]] = export.Export.requires
    headline_param = "to"
    defaults = {
        "to": "onnx-int8",  # `torch-int8`, `onnx-int8`, `torchao-int8`, `openvino-int8`, `float16`, …: see above
        "calibration": 256,  # training texts by which ranges of activations are chosen
        "qat": False,  # learn on under int8's rounding first (quantization-aware training)
        "qat_epochs": 1,  # epochs of that training
        "learning_rate": None,  # of that training, the highest; None: a share of the parent's
        "batch_size": 32,  # texts of a step
        "precision": "auto",  # `auto`, `float32`, `bfloat16` or `float16`
        "teach": False,  # whether the parent teaches
        "alpha": 0.7,  # weight of the teacher in the loss, with `teach`
        "temperature": 2.0,  # of the teacher's part of the loss, with `teach`
    }
    space = {"to": Choice(*(name for name in TARGETS if name.endswith("int8")))}
    smoke = {"calibration": 32}
    takes = export.Export.takes
    multi_label = True
    choices = {"to": tuple(TARGETS)}
    sources = (
        *export.SOURCES, "calibration.py", "onnx_int8.py", "qat.py", "recipes/export.py", "recovery.py", "targets.py",
        "torch_int8.py", "torchao_int8.py",
    )  # fmt: skip

    def resolve(self, params: Params) -> Resolved:
        """What the runtime takes, too; halves of 16 bits stay what the parent is, and are read by `finetune`."""
        to = params["to"]
        return replace(
            super().resolve(params),
            requires=(*self.requires, *TARGETS.get(to, ())),
            builds_on=("finetune",),
            layout="finetune" if to in ("float16", "bfloat16") else self.name,
            distills=bool(params["qat"] and params["teach"]),
        )

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
        """Weights are rounded; nothing is trained without `qat`."""
        if params["to"] not in TARGETS:
            raise BenchError(f"to={params['to']}: {did_you_mean(params['to'], TARGETS)}")
        if params["qat"] and not params["to"].endswith("int8"):
            raise BenchError(f"qat=true is training for int8; to={params['to']} rounds to 16 bits: leave it out")
        from compression import targets
        from compression.parents import open_parent

        parent, log = open_parent(parents, self.name), Training()
        if params["qat"]:
            from compression.qat import train_rounded

            log = train_rounded(parent, parents[0], train, validation, params, seed, context)
        targets.MAKERS[params["to"]](parent, train, params, seed, out_dir)
        return log

    def load(self, artifact_dir: Path) -> Predictor:
        """By the runtime that it was made for."""
        from compression.bundle import load_bundle

        return load_bundle(artifact_dir)
