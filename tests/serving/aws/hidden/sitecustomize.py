"""Makes a process believe that the packages which $HIDDEN_PACKAGES names (by comma) are not installed."""

from __future__ import annotations

import os
import sys
from importlib.machinery import PathFinder
from typing import Any

HIDDEN = set(filter(None, os.environ.get("HIDDEN_PACKAGES", "").split(",")))


class Finder(PathFinder):
    @classmethod
    def find_spec(cls, fullname: str, path: Any = None, target: Any = None) -> Any:
        return None if fullname.partition(".")[0] in HIDDEN else super().find_spec(fullname, path, target)


if HIDDEN:
    sys.meta_path[:] = [Finder if finder is PathFinder else finder for finder in sys.meta_path]
