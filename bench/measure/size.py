"""How large an artifact is, from its files."""

from __future__ import annotations

import shutil
import zlib
from pathlib import Path

from bench.artifact import file_sizes
from bench.errors import BenchError
from bench.schema import Size

LEVEL = 6


class _Counter:
    """A file that compresses what is written to it and keeps the number of bytes alone."""

    def __init__(self) -> None:
        self._compress = zlib.compressobj(LEVEL, zlib.DEFLATED, wbits=31)
        self.bytes = 0

    def write(self, data: bytes) -> int:
        self.bytes += len(self._compress.compress(data))
        return len(data)

    def finish(self) -> int:
        self.bytes += len(self._compress.flush())
        return self.bytes


def gzipped_bytes(path: Path) -> int:
    """Bytes of a file after gzip level 6, streamed: a file larger than memory is fine."""
    counter = _Counter()
    with path.open("rb") as file:
        shutil.copyfileobj(file, counter, 1 << 20)
    return counter.finish()


def measure_size(folder: Path, parameters: int, nonzero: int) -> Size:
    """Bytes of all files of the artifact, plain and gzipped one by one, and bits per learned number."""
    if parameters < 1 or not 0 <= nonzero <= parameters:
        raise BenchError(
            f"the predictor of {folder} reports {parameters} parameters, {nonzero} of them not zero; "
            "it must have at least 1, and no more that are not zero than there are"
        )
    files = file_sizes(folder)
    on_disk = sum(files.values())
    return Size(
        parameters=parameters,
        nonzero_parameters=nonzero,
        bytes_on_disk=on_disk,
        bytes_gzipped=sum(gzipped_bytes(folder / name) for name in files),
        bits_per_weight=8 * on_disk / parameters,
        files=files,
    )
