"""The Open Inference Protocol, version 2, as KServe and Triton speak it: health, metadata, `/v2/models/NAME/infer`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

from fastapi import Depends, FastAPI, HTTPException, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from serving.http.models import Models
from serving.http.refusals import GATE, TEXTS, AsciiResponse, Failed, json_only, refusals
from serving.http.service import Service

Answer = dict[str, Any]
failures = partial(refusals, form=Failed)


class Tensor(BaseModel):
    """The texts: BYTES of shape [n] or [n, 1]."""

    model_config = ConfigDict(extra="ignore")
    name: str = Field(examples=["text"])
    datatype: Literal["BYTES"]
    shape: list[int] = Field(examples=[[2]])
    data: list[str] | list[list[str]] = Field(examples=[["what a lovely day", "not so good"]])

    @property
    def texts(self) -> list[str]:
        """In order, whatever the shape."""
        return [text for row in self.data for text in ([row] if isinstance(row, str) else row)]

    @model_validator(mode="after")
    def _shaped(self) -> Tensor:
        n = len(self.texts)
        if self.shape not in ([n], [n, 1]):
            raise ValueError(f"shape {self.shape} for {n} texts: give [{n}] or [{n}, 1]")
        return self


class Inference(BaseModel):
    """A request."""

    model_config = ConfigDict(extra="ignore")
    id: str | None = None
    inputs: list[Tensor] = Field(min_length=1, max_length=1)


class Selection(BaseModel):
    """Which models are listed."""

    model_config = ConfigDict(extra="ignore")
    ready: bool = Field(False, strict=True, description="Those that answer alone.")


def model_name(card: Mapping[str, Any]) -> str:
    """What the protocol calls a model that the user gave no name: `finetune-emotions`."""
    return f"{card['recipe']}-{card['dataset']}"


def add_open_inference(app: FastAPI, models: Models) -> None:
    """Add the paths of the protocol."""
    _add_health(app, models)
    _add_list(app, models)
    names = Path(description="A model's name.", json_schema_extra={"enum": [*models.by_name]})

    async def named(name: str = names) -> Service:  # async, or each request would wait for a thread
        """The model of a path."""
        return models.named(name)

    @app.get("/v2/models/{name}", responses=failures(*GATE, 404, 422))
    async def metadata(service: Service = Depends(named)) -> Answer:
        """Inputs and outputs of the model."""
        outputs = [_described("label", "BYTES", [-1]), _described("probabilities", "FP32", [-1, len(service.labels)])]
        if service.model.thresholds:
            outputs.append(_described("labels", "BYTES", [-1]))
        return {
            "name": service.name, "versions": [service.model.hash[:12]], "platform": service.model.predictor.runtime,
            "inputs": [_described("text", "BYTES", [-1])], "outputs": outputs,
            "parameters": {"labels": json.dumps(service.labels)},
        }  # fmt: skip

    @app.get("/v2/models/{name}/ready", responses=failures(*GATE, 404, 422, 503))
    async def model_ready(service: Service = Depends(named)) -> Answer:
        """Whether the model answers."""
        _check(service.ready)
        return {"name": service.name, "ready": True}

    @app.post("/v2/models/{name}/infer", dependencies=[Depends(json_only)], responses=failures(*TEXTS, 404))
    async def infer(body: Inference, request: Request, service: Service = Depends(named)) -> Response:
        """The label of each text, and the probability of each label in their order."""
        scored = await service.predict(request, body.inputs[0].texts)
        found = scored.probabilities
        labels = [service.labels[i] for i in found.argmax(axis=1).tolist()] if len(found) else []
        outputs = [
            _described("label", "BYTES", [len(labels)]) | {"data": labels},
            _described("probabilities", "FP32", list(found.shape)) | {"data": found.astype(float).ravel().tolist()},
        ]
        if service.model.thresholds:  # a list of JSON each: tensors have no rows of unlike lengths
            sets = [json.dumps(row["labels"]) for row in service.predictions(scored)]
            outputs.append(_described("labels", "BYTES", [len(sets)]) | {"data": sets})
        id_ = {} if body.id is None else {"id": body.id}
        answer = {"model_name": service.name, "model_version": scored.model.hash[:12], **id_, "outputs": outputs}
        return AsciiResponse(answer)


def _add_health(app: FastAPI, models: Models) -> None:
    @app.get("/v2", responses=failures(*GATE))
    async def server() -> Answer:
        """What answers."""
        return {"name": "sentibench", "version": app.version, "extensions": []}

    @app.get("/v2/health/live")
    async def live() -> Answer:
        """Whether the server runs."""
        return {"live": True}

    @app.get("/v2/health/ready", responses=failures(503))
    async def ready() -> Answer:
        """Whether the models answer."""
        _check(models.ready)
        return {"ready": True}


def _add_list(app: FastAPI, models: Models) -> None:
    @app.get("/v2/models", responses=failures(*GATE))
    async def names() -> Answer:
        """The models' names, as KServe lists them; the first is the one that answers where none is named."""
        return {"models": [*models.by_name]}

    @app.post("/v2/repository/index", responses=failures(*GATE, 400, 422))
    async def index(body: Selection | None = None) -> list[Answer]:
        """The models with their states, as Triton lists them."""
        wanted = [one for one in models.by_name.values() if one.ready or not (body and body.ready)]
        return [
            {"name": one.name, "version": one.model.hash[:12], "state": "READY" if one.ready else "UNAVAILABLE"}
            for one in wanted
        ]


def _check(ready: bool) -> None:
    if not ready:
        raise HTTPException(503, "not ready")


def _described(name: str, datatype: str, shape: list[int]) -> Answer:
    return {"name": name, "datatype": datatype, "shape": shape}
