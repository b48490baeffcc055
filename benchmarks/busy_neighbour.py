"""How fast a training and the runtimes go beside a process that holds a core, as a share of their idle speed.

`python -m benchmarks.busy_neighbour`: each contestant works for some seconds in a process of its own, alone and beside
one busy core, in rounds; the median round counts. Threads that spin while they wait for one another lose most of their
time to a busy neighbour; threads that sleep lose little, and little when idle. Weights are random.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

from bench.run.launcher import UNTIMED

HIDDEN, INNER, LAYERS, TOKENS = 384, 1536, 6, 32 * 32
"""As of MiniLM-L6, 32 texts of 32 tokens."""
PASSIVE = {"OMP_WAIT_POLICY": "PASSIVE"}
CONTESTANTS: dict[str, tuple[str, dict[str, str]]] = {
    "PyTorch training": ("torch", {}),
    "PyTorch training, OMP_WAIT_POLICY=PASSIVE": ("torch", PASSIVE),
    "PyTorch training, as the harness starts it": ("torch", UNTIMED),
    "ONNX Runtime": ("onnx", {}),
    "ONNX Runtime, no spinning": ("onnx-passive", {}),
    "OpenVINO": ("openvino", {}),
    "NumPy, small products": ("numpy", {}),
    "NumPy, small products, OPENBLAS_NUM_THREADS=1": ("numpy", {"OPENBLAS_NUM_THREADS": "1"}),
}


def main() -> None:
    """Time all and print a table, or as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--work", choices=sorted(WORK), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        print(passes_per_second(WORK[options.work](), options.seconds))
        return
    rates: dict[str, dict[bool, list[float]]] = {name: {False: [], True: []} for name in CONTESTANTS}
    for _ in range(options.rounds):
        for name, (work, environment) in CONTESTANTS.items():
            for busy in (False, True):
                with neighbour() if busy else contextlib.nullcontext():
                    rates[name][busy].append(timed(work, environment, options.seconds))
    rows = {name: (median(found[False]), median(found[True])) for name, found in rates.items()}
    if options.json:
        print(json.dumps({name: {"idle": idle, "busy": busy} for name, (idle, busy) in rows.items()}, indent=1))
        return
    print("| | passes/s, idle | beside a busy core | of idle |\n|---|---|---|---|")
    for name, (idle, busy) in rows.items():
        print(f"| {name} | {idle:.1f} | {busy:.1f} | {busy / idle:.0%} |")


@contextlib.contextmanager
def neighbour() -> Iterator[None]:
    """A process that holds one core."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def timed(work: str, environment: dict[str, str], seconds: float) -> float:
    """Passes a second of a process of its own."""
    command = [sys.executable, "-m", "benchmarks.busy_neighbour", "--work", work, "--seconds", str(seconds)]
    plain = {name: value for name, value in os.environ.items() if name not in ("OMP_WAIT_POLICY", "OMP_NUM_THREADS")}
    done = subprocess.run(command, env=plain | environment, capture_output=True, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


def passes_per_second(once: Callable[[], Any], seconds: float) -> float:
    """After a second of warm-up."""
    for duration in (1.0, seconds):
        started, n = time.perf_counter(), 0
        while time.perf_counter() < started + duration:
            once()
            n += 1
    return n / (time.perf_counter() - started)


def torch_training() -> Callable[[], Any]:
    """Forward and backward through linear layers of an encoder's sizes."""
    import torch
    from torch import nn

    layers = [nn.Sequential(nn.Linear(HIDDEN, INNER), nn.GELU(), nn.Linear(INNER, HIDDEN)) for _ in range(LAYERS)]
    model, inputs = nn.Sequential(*layers), torch.randn(TOKENS, HIDDEN)

    def once() -> None:
        model.zero_grad()
        model(inputs).square().mean().backward()

    return once


def graph() -> bytes:
    """The same layers, forward alone, as ONNX."""
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    random, nodes, weights, last = np.random.default_rng(0), [], [], "x0"
    for layer in range(LAYERS):
        for step, (rows, columns) in enumerate(((HIDDEN, INNER), (INNER, HIDDEN))):
            name, out = f"w{layer}{step}", f"x{layer}{step}"
            weights.append(numpy_helper.from_array(random.normal(0, 0.02, (rows, columns)).astype("float32"), name))
            nodes += [
                helper.make_node("MatMul", [last, name], [f"{out}m"]),
                helper.make_node("Relu", [f"{out}m"], [out]),
            ]
            last = out
    shape = (TOKENS, HIDDEN)
    given = [helper.make_tensor_value_info("x0", TensorProto.FLOAT, shape)]
    found = [helper.make_tensor_value_info(last, TensorProto.FLOAT, shape)]
    model = helper.make_model(helper.make_graph(nodes, "layers", given, found, weights), ir_version=10)
    model.opset_import[0].version = 20
    return bytes(model.SerializeToString())


def onnx(spinning: bool) -> Callable[[], Any]:
    """ONNX Runtime, as it comes or with threads that sleep while they wait."""
    import numpy as np
    import onnxruntime

    options = onnxruntime.SessionOptions()
    if not spinning:
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(graph(), options, providers=["CPUExecutionProvider"])
    inputs = {"x0": np.ones((TOKENS, HIDDEN), np.float32)}
    return lambda: session.run(None, inputs)


def openvino() -> Callable[[], Any]:
    """OpenVINO in float32."""
    import numpy as np
    import openvino

    core = openvino.Core()
    model = core.compile_model(core.read_model(graph()), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    inputs = [np.ones((TOKENS, HIDDEN), np.float32)]
    return lambda: model(inputs)


def numpy() -> Callable[[], Any]:
    """Products as short as those of scoring."""
    import numpy as np

    left, right = np.ones((2000, 64), np.float64), np.ones((64, 200), np.float64)
    return lambda: left @ right


WORK: dict[str, Callable[[], Callable[[], Any]]] = {
    "torch": torch_training, "onnx": lambda: onnx(True), "onnx-passive": lambda: onnx(False), "openvino": openvino,
    "numpy": numpy,
}  # fmt: skip

if __name__ == "__main__":
    main()
