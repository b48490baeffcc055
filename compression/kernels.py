"""The matmuls that a runtime really calls, by the names of its kernels."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

MATMUL = re.compile(r"MatMul|Gemm|linear|mm(_out)?$")
INT8 = re.compile(r"MatMulInteger|DynamicQuantizeMatMul|QLinearMatMul|QGemm|_int_mm|qlinear")


def count_matmuls(names: Iterable[str]) -> dict[str, int]:
    """How often each matmul is among the `names` of what is called (ONNX Runtime's nodes, PyTorch's functions)."""
    return dict(Counter(name for name in names if MATMUL.search(name)))


def executed_dtype(counted: dict[str, int]) -> str:
    """`int8` where most matmuls run in it, else `float32`."""
    low = sum(times for name, times in counted.items() if INT8.search(name))
    return "int8" if 2 * low > sum(counted.values()) else "float32"
