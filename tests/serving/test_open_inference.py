"""The Open Inference Protocol gives the stored predictions, and tells what it does not know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest

from tests.serving.conftest import Trained
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
    for path in ("/v2/health/live", "/v2/health/ready", "/v2/models/bayes-toy/ready"):
        assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("/v2/models/other/infer", tensor(["a"]), 404, "bayes-toy is"),
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
    assert answer.status_code == status and said in answer.json()["detail"]
