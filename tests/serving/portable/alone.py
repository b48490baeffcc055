"""Packages by themselves: a folder with what a requirements file names, and what that requires, and nothing else."""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path

NAME = re.compile(r"[A-Za-z0-9._-]+")


def installed(requirements: Path, folder: Path) -> Path:
    """As `pip install --target` leaves it, by links to what is installed here; each pin must be that version."""
    folder.mkdir()
    wanted, done = requirements.read_text().splitlines(), set[str]()
    for line in wanted:
        name, _, version = line.partition("==")
        assert importlib.metadata.version(name) == version
    while wanted:
        found = NAME.match(wanted.pop())
        name = found[0].lower().replace("_", "-") if found else ""
        if name in done:
            continue
        done.add(name)
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:  # for another system
            continue
        _link(distribution, folder)
        wanted += [one for one in distribution.requires or () if "extra ==" not in one]
    return folder


def _link(distribution: importlib.metadata.Distribution, folder: Path) -> None:
    for top in {file.parts[0] for file in distribution.files or () if not file.parts[0].startswith("..")}:
        link = folder / top
        if not link.exists() and top != "__pycache__":
            link.symlink_to(Path(str(distribution.locate_file(top))))
