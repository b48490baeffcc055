"""What of a model's folder is code: named by a configuration, which is never run, or compiled."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.errors import BenchError

CONFIGS = ("config.json", "tokenizer_config.json", "adapter_config.json")
NAMES_CODE = ("auto_map", "auto_mapping", "megatron_config")
"""Keys by which transformers and PEFT import what a configuration names; null where it names nothing."""
ATTENTION = ("attn_implementation", "_attn_implementation")
"""May name a compiled kernel of the hub, `owner/kernel`."""
COMPILED = (".pt2", ".so", ".dylib", ".dll", ".pyd")
"""PyTorch compiled ahead of time, and shared libraries."""
ELF = b"\x7fELF"
"""How a shared library of Linux begins, whatever it is called."""


def refuse_code(folder: Path) -> None:
    """A `BenchError` where a configuration at or below `folder` names code: nothing of it is imported.

    A configuration that is no JSON is left to who loads it.
    """
    for path in sorted(path for name in CONFIGS for path in folder.rglob(name)):
        try:
            key = next(_code_in(json.loads(path.read_bytes())), None)
        except (OSError, ValueError, RecursionError):
            continue
        if key is not None:
            raise BenchError(
                f"{path}: '{key}' names code to be run with the model, which is never done: take a model of an "
                "architecture that transformers has itself"
            )


def compiled_code(folder: Path) -> list[str]:
    """The files at or below `folder` that are machine code, by their paths in it: loaded, they can do anything."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [path.relative_to(folder).as_posix() for path in files if _is_compiled(path)]


def _code_in(value: Any) -> Iterator[str]:
    """The keys that name code, at any depth."""
    if isinstance(value, list):
        for item in value:
            yield from _code_in(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if (key in NAMES_CODE and item) or (key in ATTENTION and isinstance(item, str) and "/" in item):
                yield key
            yield from _code_in(item)


def _is_compiled(path: Path) -> bool:
    if path.suffix.lower() in COMPILED or any(f"{ending}." in path.name for ending in COMPILED):  # libx.so.1
        return True
    with path.open("rb") as file:
        return file.read(len(ELF)) == ELF
