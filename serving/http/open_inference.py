"""The Open Inference Protocol, version 2, as KServe and Triton speak it: health, metadata, `/v2/models/NAME/infer`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, model_validator

from serving.http.refusals import GATE, TEXTS, Refused, json_only, refusals
from serving.http.service import Service

Answer = dict[str, Any]
STARTING: dict[int | str, dict[str, Any]] = {503: {"model": Refused, "description": "Starting or stopping"}}
UNKNOWN: dict[int | str, dict[str, Any]] = {404: {"model": Refused, "description": "Another model's name"}}


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


def model_name(card: Mapping[str, Any]) -> str:
    """What the protocol calls a model: `finetune-emotions`."""
    return f"{card['recipe']}-{card['dataset']}"


def add_open_inference(app: FastAPI, service: Service) -> None:
    """Add the paths of the protocol."""
    _add_health(app, service)

    def named(name: str) -> None:
        """404 for a name that is not the model's."""
        if name != (known := model_name(service.model.card)):
            raise HTTPException(404, f"no model of that name here: {known} is")

    @app.get("/v2/models/{name}", dependencies=[Depends(named)], responses=refusals(*GATE) | UNKNOWN)
    async def metadata(name: str) -> Answer:
        """Inputs and outputs of the model."""
        outputs = [_described("label", "BYTES", [-1]), _described("probabilities", "FP32", [-1, len(service.labels)])]
        return {
            "name": name, "versions": [service.model.hash[:12]], "platform": service.model.predictor.runtime,
            "inputs": [_described("text", "BYTES", [-1])], "outputs": outputs,
            "parameters": {"labels": json.dumps(service.labels)},
        }  # fmt: skip

    @app.get("/v2/models/{name}/ready", dependencies=[Depends(named)], responses=refusals(*GATE) | UNKNOWN | STARTING)
    async def model_ready(name: str) -> Answer:
        """Whether the model answers."""
        _check(service)
        return {"name": name, "ready": True}

    @app.post(
        "/v2/models/{name}/infer", dependencies=[Depends(named), Depends(json_only)],
        responses=refusals(*TEXTS) | UNKNOWN,
    )  # fmt: skip
    async def infer(name: str, body: Inference, request: Request) -> Response:
        """The label of each text, and the probability of each label in their order."""
        scored = await service.predict(request, body.inputs[0].texts)
        found = scored.probabilities
        labels = [service.labels[i] for i in found.argmax(axis=1).tolist()] if len(found) else []
        outputs = [
            _described("label", "BYTES", [len(labels)]) | {"data": labels},
            _described("probabilities", "FP32", list(found.shape)) | {"data": found.astype(float).ravel().tolist()},
        ]
        named_by = {} if body.id is None else {"id": body.id}
        answer = {"model_name": name, "model_version": scored.model.hash[:12], **named_by, "outputs": outputs}
        return JSONResponse(answer)


def _add_health(app: FastAPI, service: Service) -> None:
    @app.get("/v2", responses=refusals(*GATE))
    async def server() -> Answer:
        """What answers."""
        return {"name": "sentibench", "version": service.model.hash[:12], "extensions": []}

    @app.get("/v2/health/live")
    async def live() -> Answer:
        """Whether the server runs."""
        return {"live": True}

    @app.get("/v2/health/ready", responses=STARTING)
    async def ready() -> Answer:
        """Whether the model answers."""
        _check(service)
        return {"ready": True}


def _check(service: Service) -> None:
    if not service.ready:
        raise HTTPException(503, "not ready")


def _described(name: str, datatype: str, shape: list[int]) -> Answer:
    return {"name": name, "datatype": datatype, "shape": shape}
