"""The pins that the project runs on, and the command that installs a package of them.

In a checkout the files stand beside the code; a wheel puts them below `share/sentibench`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from bench.registry import ROOT

CORE = "requirements.txt"
DISTRIBUTIONS = {"fasttext": "fasttext-wheel"}
"""Where a package is imported by another name than it is installed by."""
SHARED = Path("share") / "sentibench"


def pins_folder() -> Path:
    """Where the requirements files and locks lie."""
    places = [ROOT, Path(sys.prefix) / SHARED, ROOT / SHARED]  # the last one after `pip install --target`
    return next((place for place in places if (place / CORE).is_file()), ROOT)


def requirements_file(package: str) -> str:
    """Which file brings a package, by the name of its import: that of an extra which pins it, else the core's."""
    name = DISTRIBUTIONS.get(package, package.replace("_", "-"))
    pinned = re.compile(rf"^{re.escape(name)}(\[.*\])?==", re.MULTILINE)
    for path in sorted(pins_folder().glob("requirements-*.txt")):
        if pinned.search(path.read_text(encoding="utf-8")):
            return path.name
    return CORE


def install_command(package: str) -> str:
    """What installs a missing package: `pip install -r requirements-serve.txt`, or the extra of an installed wheel."""
    file = requirements_file(package)
    if pins_folder() == ROOT:
        return f"pip install -r {file}"
    extra = file.removeprefix("requirements-").removesuffix(".txt")
    return "pip install sentibench" if file == CORE else f"pip install 'sentibench[{extra}]'"
