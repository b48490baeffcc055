"""The Open Inference Protocol gives the stored predictions, and tells what it does not know."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tests.serving.conftest import Serving, Trained
from tests.serving.server import running

INFER = "/v2/models/bayes-toy/infer"


@pytest.fixture(scope="module")
def client(trained: Trained) -> Iterator[httpx.Client]:
    with running(trained) as (client, _):
        yield client


def tensor(texts: list[Any], **changes: Any) -> dict[str, Any]:
    return {"inputs": [{"name": "text", "datatype": "BYTES", "shape": [len(texts)], "data": texts} | changes]}


def test_it_gives_the_stored_predictions(client: httpx.Client, trained: Trained) -> None:
    texts, wanted = trained.texts[:50], trained.probabilities[:50]
    for body in (tensor(texts), tensor([[text] for text in texts], shape=[50, 1])):
        answer = client.post(INFER, json=body | {"id": "7"}).json()
        assert (answer["model_name"], answer["id"]) == ("bayes-toy", "7")
        assert answer["model_version"] == trained.artifact.name[:12]
        label, probabilities = answer["outputs"]
        assert (label["shape"], probabilities["shape"]) == ([50], [50, 3])
        assert label["data"] == [trained.labels[i] for i in wanted.argmax(axis=1)]
        assert np.abs(np.array(probabilities["data"]).reshape(50, 3) - wanted).max() < 1e-5
    assert client.post(INFER, json=tensor([])).json()["outputs"][0]["data"] == []


def test_it_tells_what_is_there(client: httpx.Client) -> None:
    model = client.get("/v2/models/bayes-toy").json()
    assert [each["name"] for each in model["inputs"] + model["outputs"]] == ["text", "label", "probabilities"]
    assert model["outputs"][1]["shape"] == [-1, 3] and model["platform"] == "numpy"
    assert client.get("/v2").json()["name"] == "sentibench"
    assert client.get("/v2/models").json() == {"models": ["bayes-toy"]}
    listed = {"name": "bayes-toy", "version": model["versions"][0], "state": "READY"}
    for body in ({}, {"json": {"ready": True}}):
        assert client.post("/v2/repository/index", **body).json() == [listed]
    for path in ("/v2/health/live", "/v2/health/ready", "/v2/models/bayes-toy/ready"):
        assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("/v2/models/other/infer", tensor(["a"]), 404, "no model 'other' here: available: bayes-toy"),
        ("/v2/models/bayes-toys/infer", tensor(["a"]), 404, "did you mean 'bayes-toy'?"),
        ("/v2/none", {}, 404, "Not Found"),
        ("/v2/models/bayes-toy", {}, 405, "Method Not Allowed"),
        (INFER, tensor(["a"] * 513), 413, "513 texts"),
        (INFER, tensor(["a" * 2_000_000]), 413, "2,000,000 are allowed"),
        (INFER, tensor(["a", "b"], shape=[3]), 422, "shape [3] for 2 texts: give [2] or [2, 1]"),
        (INFER, tensor(["a"], datatype="FP32"), 422, "BYTES"),
        (INFER, tensor([1]), 422, "string"),
        (INFER, {"inputs": []}, 422, "inputs"),
    ],
)
def test_what_it_cannot_answer_is_one_line(
    client: httpx.Client, path: str, body: dict[str, Any], status: int, said: str
) -> None:
    answer = client.post(path, json=body)
    assert answer.status_code == status and answer.json().keys() == {"error"} and said in answer.json()["error"]


def test_a_key_is_asked_for_in_the_protocols_own_form(trained: Trained) -> None:
    with running(trained, "--api-key", "secret") as (client, _):
        assert client.post(INFER, json=tensor(["a"])).json().keys() == {"error"}
        assert client.post("/predict", json={"text": "a"}).json().keys() == {"detail"}
        assert client.get("/v2/health/ready").status_code == 200


@pytest.fixture(scope="module")
def turned(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another artifact, which holds likely what the trained one holds unlikely."""
    folder = Path(shutil.copytree(trained.artifact, tmp_path_factory.mktemp("turned") / "artifact"))
    tensors = load_file(folder / "model.safetensors")
    save_file({name: -value for name, value in tensors.items()}, folder / "model.safetensors")
    return folder


def test_several_models_answer_by_name(trained: Trained, turned: Path, tmp_path: Path) -> None:
    texts, feedback = trained.texts[:20], ("--feedback", str(tmp_path))
    wanted = {
        "turned": trained.probabilities[:20].argmin(axis=1),
        "bayes-toy": trained.probabilities[:20].argmax(axis=1),
    }
    with running(trained, trained.run, *feedback, served=f"turned={turned}") as (client, _):
        assert client.get("/v2/models").json()["models"] == ["turned", "bayes-toy"]
        for name, labels in wanted.items():
            expected, query = [trained.labels[i] for i in labels], {"model": name}
            inferred = client.post(f"/v2/models/{name}/infer", json=tensor(texts)).json()
            assert inferred["model_name"] == name and inferred["outputs"][0]["data"] == expected
            for path, body in (("/predict", {"texts": texts}), ("/invocations", texts)):
                answer = client.post(path, json=body, params=query).json()
                assert [one["label"] for one in answer["predictions"]] == expected
            assert client.get("/model", params=query).json()["hash"][:12] == inferred["model_version"]
            assert client.post("/feedback", json={"text": name, "label": "positive"}, params=query).status_code == 201
            assert name in (tmp_path / name / "feedback.jsonl").read_text()
        first = client.post("/predict", json={"text": texts[0]}).json()
        assert first["predictions"][0]["label"] == trained.labels[wanted["turned"][0]]
        missing = client.post("/predict", json={"text": "a"}, params={"model": "turnd"})
        assert missing.status_code == 404 and "did you mean 'turned'?" in missing.json()["detail"]
        metrics = client.get("/metrics").text
        assert 'sentibench_requests_total{path="/v2/models/turned/infer",status="200"} 1.0' in metrics
        assert f'sentibench_model{{hash="{trained.artifact.name[:12]}",name="bayes-toy"}} 1.0' in metrics


def test_names_that_cannot_be_are_one_line(serving: Serving, trained: Trained) -> None:
    for given, said in (
        ((trained.run, trained.run), "two models are called 'bayes-toy': give each a name of its own, NAME=bayes"),
        ((f"a={trained.run}", f"a={trained.run}"), "two models are called 'a'"),
        ((f"a b={trained.run}",), "letters, digits, '.', '_' and '-' alone"),
        (("a=",), "no run or artifact ''"),
    ):
        ran = serving("http", *given)
        assert ran.returncode == 2 and said in ran.stderr.decode() and ran.stderr.count(b"\n") == 1
