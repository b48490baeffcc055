"""The wheel: all that the project needs is in it, and it runs in an environment of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
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


@dataclass(frozen=True)
class Environment:
    """A fresh environment: the wheel is installed there, what it depends on is read from the tests' own."""

    folder: Path

    @property
    def packages(self) -> Path:
        """Its site-packages."""
        return next(self.folder.glob("lib/python*/site-packages"))

    def run(self, program: str, *arguments: str, cwd: Path, variables: Mapping[str, str]) -> str:
        """What a program of it prints."""
        command = [str(self.folder / "bin" / program), *arguments]
        done = subprocess.run(command, env=variables, cwd=cwd, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    root = tmp_path_factory.mktemp("wheel")
    source, found = root / "source", Environment(root / "environment")
    source.mkdir()
    for path in [*(ROOT / part for part in PARTS), *ROOT.glob("requirements*")]:
        if path.is_dir():
            shutil.copytree(path, source / path.name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, source)
    pip("wheel", "--no-deps", "--no-build-isolation", "-w", str(root), ".", cwd=source)
    (wheel,) = root.glob("sentibench-*.whl")
    venv.create(found.folder, with_pip=False)
    pip("--python", str(found.folder / "bin" / "python"), "install", "--no-deps", str(wheel), cwd=root)
    (found.packages / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return found


def test_the_command_runs_a_recipe_from_elsewhere(installed: Environment, tmp_path: Path) -> None:
    variables = bench_environment(tmp_path) | {"SENTIBENCH_RECIPES": ""}
    del variables["PYTHONPATH"]
    sentibench = partial(installed.run, "sentibench", cwd=tmp_path, variables=variables)
    assert "published/emotions-1-baselines" in sentibench("list", "suites")
    assert "1 ok" in sentibench("run", "-r", "constant", "-d", "toy", "--measure", "none")
    assert "Constant" in sentibench("compare")


def test_every_file_of_the_packages_is_in_it(installed: Environment) -> None:
    for part in PARTS[:7]:
        ours = {path.relative_to(ROOT) for path in (ROOT / part).rglob("*") if path.is_file()}
        ours = {path for path in ours if "__pycache__" not in path.parts}
        assert [path for path in sorted(ours) if not (installed.packages / path).is_file()] == []
    assert not (installed.packages / "tests").exists() and not (installed.packages / "benchmarks").exists()


def test_a_missing_package_is_named_with_its_extra(installed: Environment, tmp_path: Path) -> None:
    code = "from bench.requirements import install_command as c; print(c('fastapi')); print(c('torch'))"
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    told = installed.run("python", "-P", "-c", code, cwd=tmp_path, variables=variables)
    assert told.splitlines() == ["pip install 'sentibench[serve]'", "pip install sentibench"]
