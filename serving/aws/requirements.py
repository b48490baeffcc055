"""The requirements file of an image that serves an artifact: what a server of it imports, pinned as in the project."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from bench.api import BenchError, load_recipe, read_card
from bench.registry import ROOT, RecipeFile, recipe_file
from bench.requirements import pins_folder

CPU_WHEELS = "--extra-index-url https://download.pytorch.org/whl/cpu"
"""PyTorch without the gigabytes for a GPU."""


def requirements_of(folder: Path) -> str:
    """The requirements file of an image that serves the artifact in `folder`, pinned as in the project's."""
    command = [sys.executable, "-m", "serving.aws.imports", str(folder.resolve())]
    ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise BenchError(
            f"the artifact cannot be served: {(ran.stderr.strip().splitlines() or ['no reason given'])[-1]}"
        )
    needed = distributions(json.loads(ran.stdout.splitlines()[-1]))
    pins = [line for line in _pins("requirements*.txt") if _name(line) in needed]
    lines = dict.fromkeys([*pins, *_pins("requirements-serve.txt"), *_own_pins(folder)])
    return "\n".join([*([CPU_WHEELS] if any(_name(line) == "torch" for line in lines) else []), *lines]) + "\n"


def locked_versions() -> str:
    """A constraints file for what those packages bring: the versions that the project is tested with."""
    lines = (pins_folder() / "requirements-all.lock").read_text(encoding="utf-8").splitlines()
    return "".join(f"{line.partition(' ')[0]}\n" for line in lines if "==" in line)


def layouts_of(folder: Path) -> set[str]:
    """The recipes that load the artifact: one, and those of an ensemble's members."""
    return {read_card(card.parent)["layout"] for card in folder.rglob("artifact.json")}


def own_recipes(folder: Path) -> list[RecipeFile]:
    """Those of them that are the user's own, of `$SENTIBENCH_RECIPES`."""
    files = map(recipe_file, sorted(layouts_of(folder)))
    return [file for file in files if file.path.parent != ROOT / file.track / "recipes"]


def _own_pins(folder: Path) -> list[str]:
    """What they require beyond what the project pins, as it is installed here."""
    pinned = set(map(_name, _pins("requirements*.txt")))
    required = {package for file in own_recipes(folder) for package in load_recipe(file.name).requires}
    return [f"{name}=={importlib.metadata.version(name)}" for name in sorted(distributions(required) - pinned)]


def _pins(pattern: str) -> list[str]:
    texts = [path.read_text(encoding="utf-8") for path in sorted(pins_folder().glob(pattern))]
    return [line for text in texts for line in text.splitlines() if "==" in line and not line.startswith("#")]


def _name(line: str) -> str:
    return line.partition("==")[0].partition("[")[0].lower().replace("_", "-")


def distributions(modules: Iterable[str]) -> set[str]:
    """Names of the packages that bring these modules, as requirements files write them."""
    owners = importlib.metadata.packages_distributions()
    return {_name(owner) for module in modules for owner in owners.get(module, ())}
