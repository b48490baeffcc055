"""`export-model --to lambda`: a zip file that answers by itself, small enough or refused."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from bench.api import BenchError, load_artifact
from serving.portable import lambda_zip
from serving.portable.lambda_zip import write_lambda
from tests.baselines.sentences import LABELS, split

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
ASK = """
import json, sys
sys.path.insert(0, sys.argv[1])
from handler import handler
print(json.dumps([handler(event, None) for event in json.load(sys.stdin)]))
"""


def answers(folder: Path, events: list[object]) -> list[dict[str, object]]:
    """Of the handler, in a Python that finds that folder and the standard library alone."""
    command = [sys.executable, "-I", "-S", "-c", ASK, str(folder)]
    done = subprocess.run(command, input=json.dumps(events), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.slow
def test_the_function_answers_with_what_is_in_its_zip_file(onnx: Path, tmp_path: Path) -> None:
    texts = split(20, 5).texts
    said = write_lambda(onnx, tmp_path / "it.zip", "it", texts, python=HERE)
    assert "--handler handler.handler" in said and (tmp_path / "it.zip").stat().st_size < 40_000_000
    with zipfile.ZipFile(tmp_path / "it.zip") as archive:
        archive.extractall(tmp_path / "task")
    body = json.dumps({"texts": texts})
    events = [
        {"texts": texts}, {"body": body}, {"body": base64.b64encode(body.encode()).decode(), "isBase64Encoded": True},
        {"body": "["}, {"body": None}, {"body": "{}"},
    ]  # fmt: skip
    plain, *asked = answers(tmp_path / "task", list(events))
    expected = load_artifact(onnx).predict_proba(texts)
    for answer in (plain, *(json.loads(str(one["body"])) for one in asked[:2])):
        rows = [list(row["probabilities"].values()) for row in answer["predictions"]]
        assert np.abs(np.array(rows) - expected).max() < 1e-5
        assert [row["label"] for row in answer["predictions"]] == [LABELS[i] for i in expected.argmax(1)]
    assert [one["statusCode"] for one in asked] == [200, 200, 400, 400, 422]


def test_one_that_is_too_large_or_without_packages_is_refused(
    onnx: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model").write_bytes(os.urandom(50_000_000))
    lambda_zip._zip(files := [(tmp_path / "model", "model")], tmp_path / "it.zip")
    with pytest.raises(BenchError, match=r"Lambda takes 50 and 250; take a smaller model, or --to docker"):
        lambda_zip._check_size(tmp_path / "it.zip", files, tmp_path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(BenchError, match=r"pip has no packages for Lambda's Python 3\.12: ERROR: .*numpy"):
        write_lambda(onnx, tmp_path / "no.zip", "it", ["a"])
    assert not (tmp_path / "no.zip").exists()
