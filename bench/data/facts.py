"""What a data set is, from the manifest or the user's file to the report."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class DatasetFacts(BaseModel):
    """What is written of a data set, whatever is read of it; `meta.json` and `description.json` hold it, key by key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    """Of a user's file, its file name."""
    title: str
    revision: str
    """The manifest's, or the content hash of a user's file."""
    label_names: tuple[str, ...]
    """In label order."""
    notes: tuple[str, ...] = ()
    """What a reader must know of this copy."""
    licence: str = "not stated"
    citation: str = ""
    source: str = ""
