"""A script: which modules the project's code imports when a server of an artifact answers.

`python -m serving.aws.imports FOLDER` prints them. It has to be seen from a process that has done nothing else, so this
is a leaf that no module imports.
"""

from __future__ import annotations

import builtins
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

OWN = ("bench", "serving", "baselines", "compression", "tf_tinybert", "transformers_pt")
OWN_RECIPES = "_sentibench_recipe_"
"""What the module names of a user's recipes begin with, as `bench.registry` names them.

This very module is `__main__`, and so is none of them: what a C extension imports comes by the watching frame. It
imports nothing of the project before it watches.
"""


def watched(act: Callable[[], None]) -> set[str]:
    """Top-level modules that the project's code imports, itself, while it does something.

    What a library imports of its own accord is not counted: what it must have, pip brings; what it can do without (such
    as pandas, where that is there) an image can do without.
    """
    imported: set[str] = set()
    original = builtins.__import__

    def watch(name: str, namespace: Any = None, *rest: Any, **options: Any) -> Any:
        importer = str((namespace or {}).get("__name__", ""))
        if importer.partition(".")[0] in OWN or importer.startswith(OWN_RECIPES):
            imported.add(name.partition(".")[0])
        return original(name, namespace, *rest, **options)

    builtins.__import__ = watch  # type: ignore[assignment]
    try:
        act()
    finally:
        builtins.__import__ = original
    return imported


def served_imports(folder: Path) -> set[str]:
    """What it takes until a server has answered a first text.

    A back-end that no metadata names (TensorFlow of Keras) counts where the artifact's recipe requires it.
    """
    imported = watched(lambda: _serve_once(folder))
    from bench.api import load_recipe
    from serving.aws.requirements import layouts_of

    loaded = {name.partition(".")[0] for name in sys.modules}
    required = {package for layout in layouts_of(folder) for package in load_recipe(layout).requires}
    return imported | required & loaded


def _serve_once(folder: Path) -> None:
    import serving.cli
    import serving.http.app  # noqa: F401
    from bench.store import Store
    from serving.model import open_folder
    from serving.trust import Trust

    trust = Trust(Store(Path(".sentibench")), allow_code=True)  # it was opened before, as the user allows
    open_folder(folder, None, trust).predictor.predict_proba(["what a day"])


if __name__ == "__main__":
    try:
        print(json.dumps(sorted(served_imports(Path(sys.argv[1])))))
    except Exception as error:  # the project's own error type is not to be imported before it is watched
        sys.exit(str(error))
