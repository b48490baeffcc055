"""A script: what of the project, and of its packages, an artifact needs to answer, seen while it answers.

`python -m serving.portable.needs WHERE FOLDER` prints it. It runs in a process that has done nothing else, in which
`bench.api` imports what is asked of it alone: WHERE is JSON, the modules that its names come from.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from serving.aws.imports import OWN, watched

TEXTS = ["what a day", "", "not so good :( @someone https://example.org", "a very long text " * 300]


def main(where: Mapping[str, str], artifact: Path) -> None:
    """Print the project's own files, the top-level modules that these import, and all that are loaded then."""
    files, loaded = list[str](), set[str]()

    def answer() -> None:
        face = sys.modules["bench.api"] = _face(where)
        from bench.registry import load_artifact

        load_artifact(artifact).predict_proba(TEXTS)
        own = {name: one for name, one in sys.modules.items() if name.partition(".")[0] in OWN and one is not face}
        files.extend(sorted(str(one.__file__) for name, one in own.items() if not name.startswith("serving")))
        loaded.update(name.partition(".")[0] for name in sys.modules if not name.startswith("_"))

    imported = watched(answer)
    print(json.dumps({"files": files, "imported": sorted(imported), "loaded": sorted(loaded)}))


def _face(where: Mapping[str, str]) -> ModuleType:
    """As `serving.portable.source` writes it."""

    def named(name: str) -> Any:
        if name not in where:
            raise AttributeError(name)
        return getattr(importlib.import_module(where[name]), name)

    face = ModuleType("bench.api")
    face.__dict__["__getattr__"] = named
    return face


if __name__ == "__main__":
    try:
        main(json.loads(sys.argv[1]), Path(sys.argv[2]))
    except Exception as error:  # of whatever the artifact is read by
        sys.exit(f"{type(error).__name__}: {error}")
