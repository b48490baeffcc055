"""`data check`: is a data set there, and does it agree with its manifest entry?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from bench.data.load import load
from bench.data.manifest import entry
from bench.data.published import locate
from bench.data.ref import DatasetRef
from bench.errors import DataError


class Checked(BaseModel):
    """The verdict on one data set."""

    model_config = ConfigDict(extra="forbid")

    name: str
    status: Literal["ok", "wrong", "not found"]
    problem: str | None = None
    rows: dict[str, int] | None = None
    """Rows of train, validation and test as recipes get them."""
    labels: int | None = None
    folder: str | None = None
    """Where its first file lies; None for a generated set."""
    notes: tuple[str, ...] = ()
    counts: dict[str, int] | None = None


def check_set(ref: DatasetRef) -> Checked:
    """Read a set and verify it; an unknown name is the only error that is raised."""
    if ref.path is None:
        listed = entry(ref.name)
        try:
            locate(listed, ref.data_dir)
        except DataError as error:
            return Checked(name=ref.name, status="not found", problem=str(error), notes=listed.notes)
    elif not ref.path.exists():
        return Checked(name=ref.name, status="not found", problem=f"no file {ref.path}; correct the path")
    try:
        dataset = load(ref)
    except DataError as error:
        return Checked(name=ref.name, status="wrong", problem=str(error))
    folder = dataset.files[0].parent if dataset.files else None
    if folder and folder.absolute().is_relative_to(Path.cwd().parent):
        folder = Path(os.path.relpath(folder))  # short, as it is near
    splits = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    return Checked(
        name=ref.name,
        status="ok",
        rows={name: len(split) for name, split in splits.items()},
        labels=len(dataset.facts.label_names),
        folder=str(folder) if folder else None,
        notes=dataset.facts.notes,
        counts=dict(dataset.counts),
    )
