"""Files by path or by URL: of this machine, or in an object store (`s3://`, `gs://`, `abfs://`, read by Arrow)."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

from bench.data.containers import names_data
from bench.errors import BenchError, one_line

WILD = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class Place:
    """A folder, or a file in it: `name` is its path below `base`."""

    base: str
    """A path, or a URL without query; what a URL has behind `?` stands in `query` (Arrow's options)."""
    name: str = ""
    query: str = ""

    def __str__(self) -> str:
        return "/".join(filter(None, (self.base.rstrip("/") or "/", self.name)))

    def file(self, name: str) -> Place:
        """The one of that name below."""
        return Place(self.base, "/".join(filter(None, (self.name, name))), self.query)

    @property
    def local(self) -> Path | None:
        """Its path on this machine, None elsewhere."""
        return None if "://" in self.base else Path(str(self))

    @classmethod
    def of(cls, text: str) -> Place:
        """What a user wrote; a path is made absolute, as workers may have another working directory."""
        if "://" not in text:
            return cls(str(Path(text).absolute()))
        url, _, query = text.partition("?") if "=" in text.partition("?")[2] else (text, "", "")
        return cls(url.rstrip("/"), query=query)


@dataclass(frozen=True)
class Found:
    """An input file as it was when it was listed."""

    place: Place
    size: int
    changed: int | None
    """Nanoseconds; None where it is not known."""


def listed(text: str) -> list[Found]:
    """The file, the data files in and below the folder, or those that the pattern names; in the order of their names.

    `*` stands for anything but a slash, `**` for that, too. What begins with a dot or an underscore is left out, as
    other tools do. Raises `BenchError` where there is nothing.
    """
    from pyarrow import fs

    whole = Place.of(text)
    fixed = WILD.split(str(whole), maxsplit=1)[0]
    base = whole if fixed == str(whole) else Place(fixed.rpartition("/")[0], query=whole.query)
    pattern = str(whole)[len(base.base) :].lstrip("/")
    with _said(text):
        system, root = _opened(base)
        (info,) = system.get_file_info([root])
        if info.type == fs.FileType.File and not pattern:
            folder, _, name = base.base.rpartition("/")
            return [Found(Place(folder, name, base.query), info.size, info.mtime_ns)]
        infos = system.get_file_info(fs.FileSelector(root, recursive=True, allow_not_found=True))
    found = []
    for each in infos:
        name = each.path[len(root) :].lstrip("/")
        hidden = any(part.startswith((".", "_")) for part in PurePosixPath(name).parts)
        asked = _matches(name, pattern) if pattern else names_data(name)
        if each.type == fs.FileType.File and asked and not hidden:
            found.append(Found(Place(base.base, name, base.query), each.size, each.mtime_ns))
    if not found:
        raise BenchError(f"{text}: no data file there")
    return sorted(found, key=lambda each: each.place.name)


def _matches(name: str, pattern: str) -> bool:
    """`part-*.csv` is not `a/part-1.csv`; `**` is anything."""
    if "**" in pattern:
        return fnmatchcase(name, pattern.replace("**/", "*").replace("**", "*"))
    return name.count("/") == pattern.count("/") and fnmatchcase(name, pattern)


def bring(place: Place, folder: Path) -> Path:
    """The file on this machine: where it is, or copied into `folder`."""
    if place.local is not None:
        return place.local
    path = folder / PurePosixPath(place.name).name
    with _said(place):
        system, source = _opened(place)
        with system.open_input_stream(source, compression=None) as stream, path.open("wb") as copy:
            shutil.copyfileobj(stream, copy, 1 << 20)
    return path


def put(path: Path, place: Place) -> None:
    """Copy a file of this machine to a place elsewhere, whole or not at all."""
    with _said(place):
        system, target = _opened(place)
        with path.open("rb") as file, system.open_output_stream(target, compression=None) as stream:
            shutil.copyfileobj(file, stream, 1 << 20)


def read(place: Place) -> bytes | None:
    """The content of a small file, None where there is none."""
    with _said(place):
        system, path = _opened(place)
        with suppress(FileNotFoundError), system.open_input_stream(path, compression=None) as stream:
            return bytes(stream.read())
    return None


def write(place: Place, content: bytes) -> None:
    """A small file, its folders with it."""
    with _said(place):
        system, path = _opened(place)
        if place.local is not None:
            system.create_dir(path.rpartition("/")[0], recursive=True)
        with system.open_output_stream(path, compression=None) as stream:
            stream.write(content)


def exists(place: Place) -> bool:
    """Whether there is a file."""
    from pyarrow import fs

    with _said(place):
        system, path = _opened(place)
        (info,) = system.get_file_info([path])
        return bool(info.type == fs.FileType.File)


def _opened(place: Place) -> tuple[Any, str]:
    """Arrow's file system, and the path in it."""
    from pyarrow import fs

    if place.local is not None:
        return fs.LocalFileSystem(), str(place)
    query = f"?{place.query}" if place.query else ""
    system, root = fs.FileSystem.from_uri(f"{place.base}{query}")
    return system, "/".join(filter(None, (root, place.name)))


@contextmanager
def _said(what: object) -> Iterator[None]:
    """Errors of Arrow's in one line with the place."""
    import pyarrow as pa

    try:
        yield
    except BenchError:
        raise
    except (OSError, pa.ArrowException, ValueError) as error:
        raise BenchError(f"{what}: cannot be reached: {one_line(error)}") from None
