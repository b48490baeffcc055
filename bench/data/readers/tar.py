"""A tar of one text a file, `<root>/<split>/<label>/<name>.txt`, as IMDb's."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bench.data.manifest import TarLayout
from bench.errors import DataError

if TYPE_CHECKING:
    from bench.data.readers.base import Files, Opener, Row


def read_tar(layout: TarLayout, files: Files, open_file: Opener) -> Iterator[Row]:
    """All splits in one pass over the stream; nothing is unpacked."""
    for path in dict.fromkeys(path for paths in files.values() for path in paths):
        with open_file(path) as stream:
            try:
                with tarfile.open(fileobj=stream, mode="r|") as archive:
                    yield from _rows(archive, layout.encoding, set(files), path)
            except tarfile.TarError as error:
                raise DataError(f"{path}: not a whole tar: {error}; copy or fetch it again") from None


def _rows(archive: tarfile.TarFile, encoding: str, splits: set[str], path: str) -> Iterator[Row]:
    for member in archive:
        parts = member.name.split("/")
        archive.members.clear()  # type: ignore[attr-defined]  # 50,000 headers are not needed again
        if len(parts) != 4 or parts[1] not in splits or not member.isfile():
            continue
        content = archive.extractfile(member)
        assert content is not None
        try:
            yield parts[1], content.read().decode(encoding), parts[2]
        except UnicodeDecodeError:
            raise DataError(f"{path}: {member.name} is not {encoding}") from None
