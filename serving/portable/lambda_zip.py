"""An artifact as a zip file that AWS Lambda takes as it is: handler, model, and the packages for its machines."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.api import BenchError
from serving.portable.write import FILES, check_same, write_classifier

PYTHON = "3.12"
"""The runtime of Lambda: the first one on Amazon Linux 2023, whose C library is new enough for the packages."""
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
MAX_ZIPPED, MAX_UNZIPPED = 50_000_000, 250_000_000
"""Bytes, as AWS has them for an upload and for what it unpacks to."""
UNUSED = (
    "tests",
    "testing",
    "__pycache__",
    "bin",
    "tools",
    "quantization",
    "transformers",
    "datasets",
    "f2py",
    "include",
)
"""Folders of packages that no prediction reads."""
LINKED_FROM_C = "libonnxruntime.so"
"""ONNX Runtime once more, for programs in C."""
EPOCH = (1980, 1, 1, 0, 0, 0)


def write_lambda(artifact: Path, out: Path, name: str, texts: Sequence[str], python: str = PYTHON) -> str:
    """Write the zip file `out`, and say how it is used; a `BenchError` where it is larger than Lambda takes.

    `python` is the version whose packages it gets, as pip finds them.
    """
    with tempfile.TemporaryDirectory(prefix="sentibench-") as work:
        folder, packages = Path(work) / "function", Path(work) / "packages"
        folder.mkdir()
        loaded = write_classifier(artifact, folder)
        shutil.copy(FILES / "handler.py", folder)
        said = check_same(artifact, folder, texts)
        _install(loaded, packages, python)
        files = [*_files(folder, ()), *_files(packages, UNUSED)]
        _zip(files, Path(work) / "function.zip")
        _check_size(Path(work) / "function.zip", files, folder / "model")
        shutil.move(Path(work) / "function.zip", out)
    return (
        f"wrote {out}: {out.stat().st_size / 1e6:.1f} MB, {said}\n"
        f"aws lambda create-function --function-name {name} --runtime python{python} --handler handler.handler "
        f"--memory-size 1024 --timeout 30 --zip-file fileb://{out} --role …"
    )


def _install(pins: Iterable[str], packages: Path, python: str) -> None:
    """These packages alone, for Lambda's machines: what they merely declare to need may be as large again."""
    command = [
        sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-compile",
        "--only-binary=:all:", "--implementation=cp", f"--python-version={python}", f"--target={packages}",
        *(f"--platform={platform}" for platform in PLATFORMS), *pins,
    ]  # fmt: skip
    ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if ran.returncode:
        reason = next((line for line in ran.stderr.splitlines() if line.startswith("ERROR")), ran.stderr.strip())
        raise BenchError(f"pip has no packages for Lambda's Python {python}: {reason[:300]}")


def _files(root: Path, unused: Sequence[str]) -> list[tuple[Path, str]]:
    """Every file below `root` with its name in the archive, sorted."""
    found = ((path, path.relative_to(root)) for path in sorted(root.rglob("*")) if path.is_file())
    read = ((path, name) for path, name in found if not name.name.startswith(LINKED_FROM_C))
    return [(path, name.as_posix()) for path, name in read if not set(unused) & set(name.parts[:-1])]


def _zip(files: Iterable[tuple[Path, str]], target: Path) -> None:
    """The same bytes every time."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path, name in files:
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr, entry.compress_type = 0o644 << 16, zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())


def _check_size(archive: Path, files: Iterable[tuple[Path, str]], model: Path) -> None:
    zipped, unzipped = archive.stat().st_size, sum(path.stat().st_size for path, _ in files)
    if zipped >= MAX_ZIPPED or unzipped >= MAX_UNZIPPED:
        own = sum(path.stat().st_size for path in model.rglob("*") if path.is_file())
        raise BenchError(
            f"{zipped / 1e6:.1f} MB zipped, {unzipped / 1e6:.0f} MB unpacked, {own / 1e6:.1f} MB of it the model: "
            f"Lambda takes {MAX_ZIPPED / 1e6:.0f} and {MAX_UNZIPPED / 1e6:.0f}; take a smaller model, or --to docker "
            "for an image, of which it takes 10 GB"
        )
