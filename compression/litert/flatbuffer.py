"""What is inside a .tflite file: its constant tensors and its operators, read from the file itself."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Contents:
    """`weights`: how many numbers of each type the file holds as constants; `operators`: how often each is executed."""

    weights: dict[str, int]
    nonzero: int
    operators: dict[str, int]

    @property
    def parameters(self) -> int:
        """Learned numbers."""
        return sum(self.weights.values())

    @property
    def int8_share(self) -> float:
        """The share of the numbers that are stored in 8 bits."""
        return self.weights.get("int8", 0) / self.parameters


def read_contents(file: Path) -> Contents:
    """Of all constants that are numbers of the model: floats, and integers that have a scale. Shapes are neither."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.Model.GetRootAs(file.read_bytes(), 0)
    types = {value: name.lower() for name, value in vars(schema.TensorType).items() if isinstance(value, int)}
    codes = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    graph = model.Subgraphs(0)
    weights: Counter[str] = Counter()
    nonzero = 0
    for index in range(graph.TensorsLength()):
        tensor = graph.Tensors(index)
        buffer, kind, scale = model.Buffers(tensor.Buffer()), types[tensor.Type()], tensor.Quantization()
        scaled = scale is not None and scale.ScaleLength() > 0
        if not buffer.DataLength() or not (kind.startswith("float") or scaled):
            continue
        values = np.frombuffer(buffer.DataAsNumpy().tobytes(), dtype=kind)
        weights[kind] += values.size
        nonzero += int(np.count_nonzero(values))
    executed = (model.OperatorCodes(graph.Operators(i).OpcodeIndex()) for i in range(graph.OperatorsLength()))
    operators = Counter(codes[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())] for code in executed)
    return Contents(dict(weights), nonzero, dict(sorted(operators.items())))
