"""Which packages serve an artifact: those that the project's code imports when a server of it answers.

`python -m serving.aws.needs FOLDER` prints them, as it has to be seen from a process that has done nothing else.
"""

from __future__ import annotations

import builtins
import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.api import read_card
from bench.errors import BenchError
from bench.registry import OWN_MODULE, ROOT, TRACKS, RecipeFile, load_recipe, recipe_file

OWN = ("bench", "serving", *TRACKS)
"""This very module is `__main__`, and so is none of them: what a C extension imports comes by the watching frame."""
CPU_WHEELS = "--extra-index-url https://download.pytorch.org/whl/cpu"
"""PyTorch without the gigabytes for a GPU."""


def requirements_of(folder: Path) -> str:
    """The requirements file of an image that serves the artifact in `folder`, pinned as in the project's."""
    command = [sys.executable, "-m", "serving.aws.needs", str(folder.resolve())]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise BenchError(
            f"the artifact cannot be served: {(ran.stderr.strip().splitlines() or ['no reason told'])[-1]}"
        )
    needed = set(json.loads(ran.stdout.splitlines()[-1]))
    pins = [line for line in _pins("requirements*.txt") if _name(line) in needed]
    lines = dict.fromkeys([*pins, *_pins("requirements-serve.txt"), *_own_pins(folder)])
    return "\n".join([*([CPU_WHEELS] if any(_name(line) == "torch" for line in lines) else []), *lines]) + "\n"


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
    return [f"{name}=={importlib.metadata.version(name)}" for name in sorted(_distributions(required) - pinned)]


def _pins(pattern: str) -> list[str]:
    texts = [path.read_text(encoding="utf-8") for path in sorted(ROOT.glob(pattern))]
    return [line for text in texts for line in text.splitlines() if "==" in line and not line.startswith("#")]


def _name(line: str) -> str:
    return line.partition("==")[0].partition("[")[0].lower().replace("_", "-")


def watched_imports(folder: Path) -> set[str]:
    """Top-level modules that the project's code imports, itself, until a server has answered a first text.

    What a library imports of its own accord is not counted: what it must have, pip brings; what it can do without (such
    as pandas, where that is there) an image can do without. A back-end that no metadata names (TensorFlow of Keras)
    counts where the artifact's recipe requires it.
    """
    found: set[str] = set()
    original = builtins.__import__

    def watch(name: str, namespace: Any = None, *rest: Any, **named: Any) -> Any:
        importer = str((namespace or {}).get("__name__", ""))
        if importer.partition(".")[0] in OWN or importer.startswith(OWN_MODULE):
            found.add(name.partition(".")[0])
        return original(name, namespace, *rest, **named)

    builtins.__import__ = watch  # type: ignore[assignment]
    try:
        _serve_once(folder)
    finally:
        builtins.__import__ = original
    loaded = {name.partition(".")[0] for name in sys.modules}
    required = {package for layout in layouts_of(folder) for package in load_recipe(layout).requires}
    return found | required & loaded


def _serve_once(folder: Path) -> None:
    import serving.__main__
    import serving.http.app  # noqa: F401
    from bench.store import Store
    from serving.model import open_model

    open_model(str(folder), Store(Path(".sentibench"))).predictor.predict_proba(["what a day"])


def _distributions(modules: set[str]) -> set[str]:
    """Names of the packages that bring these modules, as requirements files write them."""
    owners = importlib.metadata.packages_distributions()
    return {_name(owner) for module in modules for owner in owners.get(module, ())}


if __name__ == "__main__":
    try:
        print(json.dumps(sorted(_distributions(watched_imports(Path(sys.argv[1]))))))
    except BenchError as error:
        sys.exit(str(error))
