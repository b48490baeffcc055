"""A bundle: the same bytes every time, no package too many, and a container's own command answers as the artifact."""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from packaging.requirements import Requirement

from bench.artifact import folder_hash
from serving.aws.archive import write_archive
from tests.conftest import bench_environment
from tests.forks import ROOT, as_text, fork
from tests.serving.aws.conftest import Artifact
from tests.serving.conftest import Trained
from tests.serving.server import free_port

HIDDEN = Path(__file__).parent / "hidden"


def _modules_left_out(requirements: str) -> str:
    """What an image made by these requirements lacks of the packages that the project's files pin."""
    pinned = {line for path in ROOT.glob("requirements*.txt") for line in path.read_text().splitlines() if "==" in line}
    others = {_name(line) for line in pinned} - _brought({_name(line) for line in requirements.splitlines()})
    owners = importlib.metadata.packages_distributions().items()
    return ",".join(sorted(module for module, packages in owners if others & set(map(_name, packages))))


def _brought(names: set[str]) -> set[str]:
    """These packages and what pip installs for them."""
    found, left = set[str](), set(names)
    while left:
        name = left.pop()
        found.add(name)
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            needed = map(Requirement, importlib.metadata.requires(name) or ())
            its = {_name(one.name) for one in needed if not one.marker or one.marker.evaluate({"extra": ""})}
            left |= its - found
    return found


def _name(line: str) -> str:
    return re.split(r"==|\[", line)[0].lower().replace("_", "-")


@contextlib.contextmanager
def _container(bundle: Path, model: Path) -> Iterator[tuple[httpx.Client, subprocess.Popen[str]]]:
    """What SageMaker starts, with the bundle's own copy of the source, and only the packages of its requirements."""
    port = free_port()
    hidden = _modules_left_out((bundle / "requirements.txt").read_text())
    assert {"tensorflow", "torch", "transformers", "pandas", "boto3"} <= set(hidden.split(","))
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "HOME": str(model.parent),
        "PYTHONPATH": os.pathsep.join([str(HIDDEN), str(bundle / "source")]), "HIDDEN_PACKAGES": hidden,
        "PYTHONDONTWRITEBYTECODE": "1", "SM_MODEL_DIR": str(model), "SAGEMAKER_BIND_TO_PORT": str(port),
    }  # fmt: skip
    command = [str(bundle / "serve"), "--host", "127.0.0.1"]
    process = subprocess.Popen(command, env=environment, cwd=bundle / "source", stderr=subprocess.PIPE, text=True)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            yield client, process
    finally:
        process.kill()
        process.wait()


def _ping(client: httpx.Client, process: subprocess.Popen[str]) -> int:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return client.get("/ping").status_code
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(process.stderr.read() if process.stderr else "")


def test_what_the_container_runs_answers_as_the_artifact(bundle: Path, linear: Artifact, tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    subprocess.run(["tar", "-xzf", bundle / "model.tar.gz", "-C", model], check=True)
    assert folder_hash(model) == linear.hash
    with _container(bundle, model) as (client, process):
        assert _ping(client, process) == 200
        assert _healthy(bundle, client.base_url.port) == 0
        answer = client.post("/invocations", json={"instances": linear.texts}).json()["predictions"]
        got = np.array([[one["probabilities"][label] for label in linear.labels] for one in answer])
        assert got.shape == linear.probabilities.shape and np.abs(got - linear.probabilities).max() < 1e-5
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) in (0, -signal.SIGTERM)
        assert _healthy(bundle, client.base_url.port) != 0
    assert folder_hash(model) == linear.hash


def _healthy(bundle: Path, port: int | None) -> int:
    """The exit code of what Docker asks from time to time."""
    environment = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    command = [str(bundle / "healthy")]
    options = environment | {"SAGEMAKER_BIND_TO_PORT": str(port)}
    return subprocess.run(command, env=options, capture_output=True, check=False).returncode


def test_an_own_recipe_is_in_the_bundle(trained: Trained, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    command = ("serving", "package", str(trained.artifact), "--out", str(bundle))
    ran = as_text(fork("bench", *command, environment=bench_environment(tmp_path), folder=tmp_path))
    assert ran.returncode == 0, ran.stderr
    with _container(bundle, trained.artifact) as (client, process):
        assert _ping(client, process) == 200
        answer = client.post("/invocations", json={"instances": trained.texts[:9]}).json()["predictions"]
        got = np.array([[one["probabilities"][label] for label in trained.labels] for one in answer])
        assert np.abs(got - trained.probabilities[:9]).max() < 1e-5


def test_a_bundle_holds_what_an_image_needs_and_no_more(bundle: Path) -> None:
    assert {path.name for path in bundle.iterdir()} == {
        "Dockerfile", "bundle.json", "constraints.txt", "healthy", "model.tar.gz", "requirements.txt", "serve",
        "source",
    }  # fmt: skip
    pinned = {line for path in ROOT.glob("requirements*.txt") for line in path.read_text().splitlines()}
    wanted = (bundle / "requirements.txt").read_text().splitlines()
    assert set(wanted) <= pinned
    named = {line.partition("==")[0] for line in wanted}
    assert named >= {"scikit-learn", "numpy", "safetensors", "fastapi", "uvicorn"}
    assert not named & {"torch", "tensorflow", "keras", "transformers", "pandas", "boto3"}
    dockerfile = (bundle / "Dockerfile").read_text()
    copied = {name for line in dockerfile.splitlines() if line.startswith("COPY ") for name in line.split()[1:-1]}
    assert copied == {"requirements.txt", "constraints.txt", "source", "serve", "healthy"}
    assert os.access(bundle / "serve", os.X_OK) and os.access(bundle / "healthy", os.X_OK)
    assert sum(path.stat().st_size for path in (bundle / "source").rglob("*")) < 5_000_000
    assert not list(bundle.rglob("__pycache__")) and str(ROOT) not in (bundle / "bundle.json").read_text()


def test_an_image_is_built_of_a_named_base_with_locked_packages_and_is_not_run_by_root(bundle: Path) -> None:
    lines = (bundle / "Dockerfile").read_text().splitlines()
    assert next(line for line in lines if line.startswith("FROM ")) == "FROM ${BASE}"
    assert any(re.fullmatch(r"ARG BASE=python:3\.11-\S+@sha256:[0-9a-f]{64}", line) for line in lines), "a tag moves"
    installed = next(i for i, line in enumerate(lines) if line.startswith("RUN pip install "))
    user = next(i for i, line in enumerate(lines) if line.startswith("USER "))
    assert installed < user < lines.index('CMD ["serve"]') and lines[user] not in ("USER root", "USER 0")
    assert "-c /opt/sentibench/constraints.txt" in lines[installed]
    assert next(line for line in lines if line.startswith("HEALTHCHECK ")).endswith('CMD ["healthy"]')
    constraints = (bundle / "constraints.txt").read_text().splitlines()
    assert all(Requirement(line).specifier for line in constraints) and len(constraints) == len(set(constraints))
    pins = {_name(line): line for line in constraints}
    wanted = [line for line in (bundle / "requirements.txt").read_text().splitlines() if "==" in line]
    assert all(pins[_name(line)].partition("==")[2] == line.partition("==")[2] for line in wanted)


def test_the_same_artifact_is_the_same_bytes(bundle: Path, linear: Artifact, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(linear.folder, copy, copy_function=shutil.copyfile)
    card = json.loads((bundle / "bundle.json").read_text())
    assert write_archive(copy, tmp_path / "again.tar.gz") == card["sha256"] and card["artifact"] == linear.hash
    assert (tmp_path / "again.tar.gz").read_bytes() == (bundle / "model.tar.gz").read_bytes()


@pytest.fixture(scope="module")
def broken(linear: Artifact, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copies of an artifact, each with something wrong."""
    folder = tmp_path_factory.mktemp("broken")
    for name in ("weightless", "cut", "foreign"):
        shutil.copytree(linear.folder, folder / name)
    (folder / "weightless" / "weights.safetensors").unlink()
    cut = folder / "cut" / "weights.safetensors"
    cut.write_bytes(cut.read_bytes()[:1000])
    card = json.loads((folder / "foreign" / "artifact.json").read_text())
    (folder / "foreign" / "artifact.json").write_text(json.dumps(card | {"recipe": "liner", "layout": "liner"}))
    (folder / "full").mkdir()
    (folder / "full" / "mine.txt").write_text("mine")
    return folder


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("package", "./weightless"), "weightless cannot be loaded: "),
        (("http", "./weightless"), "weightless cannot be loaded: "),
        (("predict", "./cut"), "cut cannot be loaded: "),
        (("http", "./foreign"), "unknown recipe 'liner': did you mean 'linear'?"),
        (("package", "./full"), "full is no artifact: it has no readable artifact.json"),
        (("package", "ARTIFACT", "--target", "sagemakr"), "did you mean 'sagemaker'?"),
        (("package", "ARTIFACT", "--out", "full"), "full is there already and is no bundle: choose another --out"),
    ],
)
def test_what_cannot_be_packaged_or_served_is_one_line(
    broken: Path, linear: Artifact, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    given = [str(linear.folder) if one == "ARTIFACT" else one for one in arguments]
    given += ["--out", "out"] if given[0] == "package" and "--out" not in given else []
    environment = bench_environment(tmp_path)
    _one_line(as_text(fork("bench", "serving", *given, environment=environment, folder=broken)), message)
    assert not (broken / "out").exists()


@pytest.mark.parametrize(
    ("hidden", "command", "message"),
    [
        ("scipy", ("predict", "ARTIFACT"), "this artifact runs on 'scipy': pip install -r requirements.txt"),
        ("uvicorn", ("http", "ARTIFACT"), "a server needs 'uvicorn': pip install -r requirements-serve.txt"),
        (
            "boto3",
            ("deploy", "--name", "a", "--delete"),
            "deploying needs 'boto3': pip install -r requirements-aws.txt",
        ),
    ],
)
def test_a_package_that_is_not_installed_is_one_line(
    linear: Artifact, tmp_path: Path, hidden: str, command: tuple[str, ...], message: str
) -> None:
    without = {"HIDDEN_PACKAGES": hidden, "PYTHONPATH": f"{HIDDEN}{os.pathsep}{ROOT}"}
    given = [str(linear.folder) if one == "ARTIFACT" else one for one in command]
    ran = subprocess.run(
        [sys.executable, "-m", "serving", *given], env=bench_environment(tmp_path) | without, cwd=tmp_path,
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, check=False,
    )  # fmt: skip
    _one_line(ran, message)


def _one_line(ran: subprocess.CompletedProcess[str], message: str) -> None:
    assert ran.returncode == 2 and message in ran.stderr and len(ran.stderr.strip().splitlines()) == 1, ran.stderr
