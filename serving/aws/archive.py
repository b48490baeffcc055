"""`model.tar.gz`: the files of an artifact as SageMaker unpacks them under /opt/ml/model, the same bytes every time."""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path

from bench.api import file_sha256
from bench.artifact import artifact_files


def write_archive(folder: Path, target: Path) -> str:
    """Every file of an artifact, sorted, without times and owners; returns the SHA-256 of the archive in hex."""
    with (
        target.open("wb") as raw,
        gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for path in artifact_files(folder):
            entry = tarfile.TarInfo(path.relative_to(folder).as_posix())
            entry.size = path.stat().st_size
            with path.open("rb") as file:
                archive.addfile(entry, file)
    return file_sha256(target)
