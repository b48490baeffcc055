"""What an artifact is read by, copied beside it: the modules of the project that it takes, and no others."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from bench.api import BenchError, Compression, load_recipe, read_card
from bench.registry import ROOT
from serving.aws.bundle import copy_own_recipes
from serving.aws.requirements import distributions

FACE = '''"""The face of the harness to what reads a model: a name is imported when it is asked for."""

import importlib

WHERE = {where}


def __getattr__(name):
    if name not in WHERE:
        raise AttributeError(name)
    return getattr(importlib.import_module(WHERE[name]), name)
'''
HEAVY = ("torch", "tensorflow", "keras", "transformers", "openvino", "sentence_transformers", "setfit")
"""Packages, by the names of their imports, that no export brings: hundreds of megabytes."""
LIGHTER = {"quantize": "'quantize[to=onnx-int8]'", "litert": "litert"}
"""What makes a child that runs without them, by the recipe that takes the parent's layout."""


def copy_source(artifact: Path, out: Path) -> list[str]:
    """Write `model/`, `source/` and `requirements.txt` into `out`; a `BenchError` for what runs on a framework.

    Returns pins of the packages that are loaded to predict: fewer than those that they declare to need.
    """
    check_layout(artifact)
    where = _where()
    needs = _needed(where, artifact)
    if heavy := [name for name in HEAVY if name in needs["loaded"]]:
        raise BenchError(_too_heavy(artifact, heavy[0]))
    source = out / "source"
    for file in map(Path, needs["files"]):
        copy = source / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)
    (source / "bench" / "api.py").write_text(FACE.format(where=json.dumps(where, indent=4)), encoding="utf-8")
    copy_own_recipes(artifact, source)
    shutil.copytree(artifact, out / "model")
    (out / "requirements.txt").write_text("\n".join(_pins(needs["imported"])) + "\n", encoding="utf-8")
    return _pins(needs["loaded"])


def _pins(modules: Iterable[str]) -> list[str]:
    return [f"{name}=={importlib.metadata.version(name)}" for name in sorted(distributions(modules))]


def check_layout(artifact: Path) -> None:
    """A `BenchError`, before anything is loaded, for an encoder of PyTorch."""
    if _takes("quantize", read_card(artifact)["layout"]):
        raise BenchError(_too_heavy(artifact, "torch"))


def _takes(name: str, layout: str) -> bool:
    recipe = load_recipe(name)
    return isinstance(recipe, Compression) and layout in recipe.takes


def _too_heavy(artifact: Path, package: str) -> str:
    layout = read_card(artifact)["layout"]
    child = next((text for name, text in LIGHTER.items() if _takes(name, layout)), None)
    advice = (
        f"`python -m bench run -r {child} --parent RUN` makes a child that can be exported"
        if child
        else "encoders in ONNX, `static`, `linear` and `nbsvm` can be exported"
    )
    return f"an artifact of layout '{layout}' runs on {package}, which no such folder brings: {advice}"


def _where() -> dict[str, str]:
    """The modules that the names of `bench.api` come from."""
    tree = ast.parse((ROOT / "bench" / "api.py").read_text(encoding="utf-8"))
    found = [node for node in tree.body if isinstance(node, ast.ImportFrom) and str(node.module).startswith("bench.")]
    return {alias.name: str(node.module) for node in found for alias in node.names}


def _needed(where: dict[str, str], artifact: Path) -> dict[str, list[str]]:
    """What `serving.portable.needs` tells."""
    command = [sys.executable, "-m", "serving.portable.needs", json.dumps(where), str(artifact.resolve())]
    ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, cwd=ROOT)
    if ran.returncode:
        reason = (ran.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise BenchError(f"the artifact does not answer: {reason}")
    told: dict[str, list[str]] = json.loads(ran.stdout.splitlines()[-1])
    return told
