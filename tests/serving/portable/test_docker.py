"""`export-model --to docker`: a folder that answers as `serving predict`, with the packages that it names alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest

from bench.api import BenchError, load_artifact
from bench.data import Prepared
from bench.store import Store
from serving.portable.write import write_docker
from tests.baselines.sentences import LABELS, split
from tests.conftest import ROOT, bench_environment, run_bench
from tests.forks import as_text, fork
from tests.serving.conftest import Trained
from tests.serving.portable.alone import installed

TEXTS = ["what a lovely day", "not so good :(", "", "\ud800 😀", "one\0two", "a very long text " * 300]
HEAVY = ("torch", "tensorflow", "transformers", "sklearn", "pydantic", "bench", "compression", "serving")


@contextmanager
def alone(folder: Path, packages: Path) -> Iterator[httpx.Client]:
    """`app.py` of an exported folder, in a Python that finds these packages and the standard library alone."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(packages), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-S", "app.py", "--port", "0"]
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip().removesuffix("/predict")
        try:
            with httpx.Client(base_url=address, timeout=30) as client:
                yield client
        finally:
            process.terminate()
            assert process.wait(30) == 0


@pytest.fixture(scope="module")
def exported(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a recipe of the user's own."""
    folder = tmp_path_factory.mktemp("docker")
    command = ("export-model", trained.run, "--to", "docker", "--out", str(folder / "it"))
    done = as_text(fork("bench", "bench", *command, environment=bench_environment(trained.folder), folder=folder))
    assert done.returncode == 0, done.stderr
    assert "its probabilities are the model's to within 0" in done.stdout and "docker build -t bayes" in done.stdout
    return folder / "it"


def test_it_answers_as_the_model_with_its_packages_alone(exported: Path, trained: Trained, tmp_path: Path) -> None:
    with alone(exported, installed(exported / "requirements.txt", tmp_path / "packages")) as client:
        answer = client.post("/predict", json={"texts": trained.texts[:100]}).json()["predictions"]
        found = [[row["probabilities"][label] for label in trained.labels] for row in answer]
        assert np.abs(np.array(found) - trained.probabilities[:100]).max() < 1e-5
        assert [row["label"] for row in answer] == [trained.labels[i] for i in trained.probabilities[:100].argmax(1)]
        assert client.get("/healthz").json() == {"status": "ok"}
        assert client.get("/model").json()["label_names"] == trained.labels
        odd = client.post("/predict", content=json.dumps({"texts": TEXTS})).json()["predictions"]
        assert len(odd) == len(TEXTS)
        for content, status in (
            (b"[", 400), (b"[]", 422), (b'{"text": 3}', 422), (b'{"text": "a", "texts": []}', 422), (b"\xff", 400),
            (b'{"texts": []}', 200), (json.dumps({"texts": ["a"] * 513}).encode(), 413), (b"a" * 2_000_001, 413),
        ):  # fmt: skip
            assert client.post("/predict", content=content).status_code == status, content[:20]
        assert client.post("/none", content=b"{}").status_code == client.get("/none").status_code == 404


def test_the_dockerfile_copies_what_is_there_and_pins_what_it_takes(exported: Path) -> None:
    text = (exported / "Dockerfile").read_text()
    bundle = (ROOT / "serving" / "aws" / "container" / "Dockerfile").read_text()
    assert re.findall(r"BASE=(\S+@sha256:[0-9a-f]{64})", text) == re.findall(r"^ARG BASE=(\S+)", bundle, re.MULTILINE)
    copied = [name for line in re.findall(r"^COPY (.*) \S+$", text, re.MULTILINE) for name in line.split()]
    assert {path.name for path in exported.iterdir()} - {"Dockerfile", "README.md"} == set(copied)
    assert 'CMD ["python", "app.py"' in text and "USER server" in text
    pins = (exported / "requirements.txt").read_text().splitlines()
    assert pins and all(re.fullmatch(r"[a-z0-9-]+==[0-9.]+", line) for line in pins)
    assert not any(line.startswith(HEAVY) for line in pins)


def test_what_is_there_is_kept_and_what_cannot_be_is_one_line(trained: Trained, exported: Path) -> None:
    done = run_bench(trained.folder, "export-model", trained.run, "--to", "docker", "--out", str(exported))
    assert done.returncode == 2 and "is there already" in done.stderr and (exported / "app.py").exists()
    done = run_bench(trained.folder, "export-model", trained.run, "--to", "dockr")
    assert done.returncode == 2


def test_an_encoder_in_onnx_takes_no_framework_along(onnx: Path, tmp_path: Path) -> None:
    out, texts = tmp_path / "it", split(40, 5).texts
    assert "to within 0" in write_docker(onnx, out, "it", texts)
    pins = [line.partition("==")[0] for line in (out / "requirements.txt").read_text().splitlines()]
    assert pins == ["numpy", "onnxruntime", "tokenizers"]
    with alone(out, installed(out / "requirements.txt", tmp_path / "packages")) as client:
        answer = client.post("/predict", json={"texts": texts}).json()["predictions"]
    expected = load_artifact(onnx).predict_proba(texts)
    assert np.abs(np.array([list(row["probabilities"].values()) for row in answer]) - expected).max() < 1e-5
    assert [row["label"] for row in answer] == [LABELS[i] for i in expected.argmax(1)]


def test_an_encoder_of_pytorch_is_told_what_to_do(encoder: Path, tmp_path: Path) -> None:
    with pytest.raises(BenchError) as error:
        write_docker(encoder, tmp_path / "it", "it", ["a"])
    assert "runs on torch" in str(error.value) and "-r 'quantize[to=onnx-int8]' --parent" in str(error.value)
    assert not (tmp_path / "it").exists()


@pytest.mark.slow
def test_a_linear_model_of_the_store_answers_alone(tmp_path: Path) -> None:
    done = run_bench(tmp_path, "run", "-r", "linear", "-d", "toy", "--smoke", "--measure", "none")
    assert done.returncode == 0, done.stderr
    store = Store(tmp_path / "store")
    (run,), (meta,) = store.run_ids(), store.prepared.glob("*/meta.json")
    done = run_bench(tmp_path, "export-model", run, "--to", "docker", "--out", "it")
    assert done.returncode == 0, done.stderr
    _, texts = Prepared.open(meta.parent).test_texts()
    with alone(tmp_path / "it", installed(tmp_path / "it" / "requirements.txt", tmp_path / "packages")) as client:
        answer = client.post("/predict", json={"texts": list(texts[:50])}).json()["predictions"]
    found = [list(row["probabilities"].values()) for row in answer]
    assert np.abs(np.array(found) - store.arrays(run, "predictions")["probabilities"][:50]).max() < 1e-5
