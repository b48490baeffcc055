"""The wheel: all that the project needs is in it, and it runs from elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, bench_environment

PARTS = (
    "baselines", "bench", "compression", "sentibench", "serving", "tf_tinybert", "transformers_pt", "LICENSE",
    "README.md", "pyproject.toml",
)  # fmt: skip


def pip(*arguments: str, cwd: Path) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the wheel was installed into; what it depends on is this environment's."""
    root = tmp_path_factory.mktemp("wheel")
    source, target = root / "source", root / "installed"
    source.mkdir()
    for path in [*(ROOT / part for part in PARTS), *ROOT.glob("requirements*")]:
        if path.is_dir():
            shutil.copytree(path, source / path.name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, source)
    pip("wheel", "--no-deps", "--no-build-isolation", "-w", str(root), ".", cwd=source)
    (wheel,) = root.glob("sentibench-*.whl")
    pip("install", "--no-deps", "--target", str(target), str(wheel), cwd=root)
    return target


def test_the_command_runs_a_recipe_from_elsewhere(installed: Path, tmp_path: Path) -> None:
    environment = bench_environment(tmp_path) | {"PYTHONPATH": str(installed), "SENTIBENCH_RECIPES": ""}

    def sentibench(*arguments: str) -> str:
        command = [sys.executable, "-P", str(installed / "bin" / "sentibench"), *arguments]
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert "published/emotions-1-baselines" in sentibench("list", "suites")
    assert "1 ok" in sentibench("run", "-r", "constant", "-d", "toy", "--measure", "none")
    assert "Constant" in sentibench("compare")


def test_every_file_of_the_packages_is_in_it(installed: Path) -> None:
    for part in PARTS[:7]:
        ours = {path.relative_to(ROOT) for path in (ROOT / part).rglob("*") if path.is_file()}
        ours = {path for path in ours if "__pycache__" not in path.parts}
        assert [path for path in sorted(ours) if not (installed / path).is_file()] == []
    assert not (installed / "tests").exists() and not (installed / "benchmarks").exists()


def test_a_missing_package_is_named_with_its_extra(installed: Path) -> None:
    code = "from bench.requirements import install_command as c; print(c('fastapi')); print(c('torch'))"
    environment = os.environ | {"PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env=environment,
        cwd=installed.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["pip install 'sentibench[serve]'", "pip install sentibench"]
