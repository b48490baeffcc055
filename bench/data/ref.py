"""How a data set is named."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.data.containers import names_data
from bench.data.manifest import dataset_names
from bench.data.reading import AS_FOUND, Reading
from bench.data.tables.saved import is_saved


@dataclass(frozen=True)
class DatasetRef:
    """A name in the manifest, or the path of the user's own file (`docs/data.md` lists the formats).

    How it is read is that of the user's file and means nothing for a set of the manifest.
    """

    name: str
    reading: Reading = AS_FOUND
    data_dir: Path | None = None
    prepared: str | None = None
    """The folder of a store's prepared data that holds it: its source is then not asked for."""

    @property
    def path(self) -> Path | None:
        """The user's file, None where `name` is one of the manifest."""
        path = Path(self.name)
        own = names_data(self.name) or path.suffix.lower() == ".zip" or len(path.parts) > 1 or self._is_saved
        return path if own else None

    @property
    def _is_saved(self) -> bool:
        """A folder that is called like a set of the manifest is never taken for it."""
        return is_saved(Path(self.name)) and self.name not in dataset_names()
