"""What `make` installs: every version is locked, and every locked file is known by its hash."""

from __future__ import annotations

import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bench.requirements import requirements_file
from tests.conftest import ROOT
from transformers_pt.weights.catalog import CATALOG

WEIGHTS = ROOT / "requirements-weights.txt"
"""Files, no code: `make` leaves it out."""
LOCKS = {
    "requirements.lock": ["requirements.txt"],
    "requirements-all.lock": sorted({*ROOT.glob("requirements*.txt")} - {WEIGHTS}),
}
BY_MACHINE = "torch"
"""Another build on another machine, so that it has no hash."""


def _pins(text: str) -> dict[str, str]:
    """Versions by names, of a requirements file or of a lock."""
    lines = [line.removesuffix("\\").strip() for line in text.splitlines() if re.match(r"[A-Za-z]", line)]
    found = [Requirement(line) for line in lines]
    return {canonicalize_name(one.name): str(one.specifier) for one in found}


@pytest.mark.parametrize("lock", LOCKS)
def test_each_pin_stands_in_the_lock(lock: str) -> None:
    locked = _pins((ROOT / lock).read_text())
    for file in LOCKS[lock]:
        for name, version in _pins((ROOT / file).read_text()).items():
            if name != BY_MACHINE:
                assert locked.get(name) == version, f"{name}: run `make lock`"
    assert BY_MACHINE not in locked


@pytest.mark.parametrize("lock", LOCKS)
def test_each_locked_package_has_a_hash_and_comes_from_nowhere_in_particular(lock: str) -> None:
    lines = (ROOT / lock).read_text().splitlines()
    assert all(re.match(r"#|[a-z0-9-]+==\S+ (; .+ )?\\$|    --hash=sha256:[0-9a-f]{64}( \\)?$", line) for line in lines)
    names = [i for i, line in enumerate(lines) if re.match(r"[a-z]", line)]
    assert all(lines[i + 1].startswith("    --hash=") for i in names)


@pytest.mark.parametrize(
    ("module", "file"),
    [
        ("prometheus_client", "requirements-serve.txt"),
        ("onnxruntime", "requirements-compress.txt"),
        ("moto", "requirements-dev.txt"),
        ("ai_edge_litert", "requirements.txt"),
        ("sklearn", "requirements.txt"),
    ],
)
def test_a_missing_package_is_named_with_its_file(module: str, file: str) -> None:
    assert requirements_file(module) == file


def test_the_weights_are_those_of_the_catalogue() -> None:
    pins = {f"{name}{version}" for name, version in _pins(WEIGHTS.read_text()).items()}
    assert pins == {package.requirement for published in CATALOG.values() for package in published.packages}
    assert WEIGHTS.read_text().count("--hash=sha256:") == len(pins)


def test_the_core_has_the_versions_of_the_whole() -> None:
    core, whole = (_pins((ROOT / lock).read_text()) for lock in LOCKS)
    assert core.items() <= whole.items()
