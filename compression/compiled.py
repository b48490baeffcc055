"""A PyTorch classifier compiled ahead of time (AOTInductor): machine code and weights in one file."""

from __future__ import annotations

import os
import platform
import re
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import torch

from bench.api import BenchError
from compression.bundle import close_bundle
from compression.kernels import count_matmuls, executed_dtype
from compression.parents import ParentModel
from compression.traced import Logits, example

FILE = "model.pt2"
OPTIONS = {
    "freezing": True,  # weights are packed for the kernels now, not at each call
    "cpp.dynamic_threads": True,  # those of whoever serves, not of whoever compiles
    "cpp.march": "",  # no instructions but those listed in `built_for`
    "aot_inductor.enable_line_tables": False,
}
INSTRUCTIONS = ("avx2", "avx512_f", "avx512_vnni", "amx_tile", "sve")
"""Of CPUs, those by which AOTInductor chooses what code it writes."""
CALL = re.compile(r"\baoti_torch_cpu_(\w+)\(")


def built_for() -> dict[str, str]:
    """What compiled code needs to find again: PyTorch's version, the platform, the instructions that it may use."""
    has = torch.cpu.get_capabilities()
    return {
        "torch": torch.__version__.split("+")[0],
        "platform": f"{platform.system()} {platform.machine()}",
        "instructions": " ".join(name for name in INSTRUCTIONS if has.get(name)),
    }


def need(built: dict[str, str]) -> None:
    """A `BenchError` where `built`, of an artifact, names what this machine has not."""
    for what, names in built.items():
        here = built_for()[what]
        if set(names.split()) - set(here.split()):
            raise BenchError(f"compiled for {what} {names}, and here is {here or 'none of them'}: make it again here")


def save_compiled(model: Any, parent: ParentModel, folder: Path) -> None:
    """The artifact of `model`, what became of the parent's.

    Takes a minute and a C++ compiler; loading takes neither. `BenchError` where there is no compiler.
    """
    compiler = os.environ.get("CXX", "g++")  # as PyTorch chooses it
    if shutil.which(compiler) is None:
        raise BenchError(
            f"compiling takes a C++ compiler, and there is no {compiler}: install it, or name another in CXX"
        )
    kernels = compile_model(model, parent.encoder.max_length, folder / FILE)
    close_bundle(folder, parent, "aotinductor", dtype=executed_dtype(kernels), kernels=kernels, built_for=built_for())


def compile_model(model: Any, max_length: int, path: Path) -> dict[str, int]:
    """Write `model`, inputs ids and mask int64 [batch, length], output logits, and count its matmuls."""
    from torch._inductor.utils import fresh_cache

    inputs, axes = example(max_length)
    model.eval().requires_grad_(False)
    with tempfile.TemporaryDirectory(prefix="sentibench-") as work, torch.no_grad(), fresh_cache():
        program = torch.export.export(Logits(model), inputs, dynamic_shapes=axes)
        whole = Path(work) / FILE
        torch._inductor.aoti_compile_and_package(program, package_path=str(whole), inductor_configs=OPTIONS)
        return _without_source(whole, path)


def _without_source(whole: Path, target: Path) -> dict[str, int]:
    """Copy a package less its C++ source, which serving has no use for, and count the matmuls that it calls."""
    calls: list[str] = []
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(target, "w") as package:
        for item in source.infolist():
            if item.filename.endswith(".cpp"):
                calls += CALL.findall(source.read(item).decode())
            else:
                package.writestr(item, source.read(item))
    return count_matmuls(calls)
