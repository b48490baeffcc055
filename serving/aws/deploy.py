"""Deploying and removing: each step looks first, so that the same command again changes nothing that stands."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.api import BenchError
from serving.aws.bundle import Bundle
from serving.aws.client import Aws
from serving.aws.deployment import Deployment
from serving.aws.plan import TAG, Call, plan, prefix, scalable

Log = Callable[[str], None]
CHANGING = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")
DESCRIBE = {
    "put_object": ("s3", "head_object", ("Bucket", "Key")),
    "create_model": ("sagemaker", "describe_model", ("ModelName",)),
    "create_endpoint_config": ("sagemaker", "describe_endpoint_config", ("EndpointConfigName",)),
}
"""The call that shows whether one was made before: the name of what it makes holds the hash of its content."""


@dataclass(frozen=True)
class Endpoint:
    """An endpoint that is there."""

    arn: str
    status: str
    config: str
    """The name of its configuration."""
    failure: str
    """SageMaker's reason; empty without one."""


def deploy(bundle: Bundle, deployment: Deployment, aws: Aws, log: Log, poll_s: float = 15.0) -> None:
    """Make what is missing, roll the endpoint on to it, wait until it serves. `log` gets a line a step."""
    calls = {call.operation: call for call in plan(bundle, deployment)}
    current = _own_endpoint(aws, deployment.name)
    for operation, (service, describe, keys) in DESCRIBE.items():
        call = calls.pop(operation)
        if aws.describe(service, describe, **{key: call.parameters[key] for key in keys}) is None:
            _send(aws, call, log)
    if current is not None:
        _wait(aws, deployment.name, log, poll_s)
    create = calls.pop("create_endpoint")
    _roll(aws, create, current, log)
    endpoint = _wait(aws, deployment.name, log, poll_s)
    if endpoint is None or endpoint.config != create.parameters["EndpointConfigName"]:
        reason = _reason(endpoint)
        raise BenchError(f"endpoint {deployment.name} rolled back and serves what it did before{reason}")
    if not calls:
        _unscale(aws, deployment.name, log)
    for call in calls.values():
        _send(aws, call, log)


def _roll(aws: Aws, create: Call, current: Endpoint | None, log: Log) -> None:
    update = {key: create.parameters[key] for key in ("EndpointName", "EndpointConfigName")}
    if current is None:
        _send(aws, create, log)
    elif current.config != update["EndpointConfigName"]:
        _unscale(aws, update["EndpointName"], log)  # SageMaker updates no machines that something else may count
        _send(aws, Call("sagemaker", "update_endpoint", update), log)


def _endpoint(aws: Aws, name: str) -> Endpoint | None:
    """The endpoint of that name, if there is one."""
    answer = aws.describe("sagemaker", "describe_endpoint", EndpointName=name)
    if answer is None:
        return None
    status, config = answer["EndpointStatus"], answer["EndpointConfigName"]
    return Endpoint(answer["EndpointArn"], status, config, str(answer.get("FailureReason", "")))


def _own_endpoint(aws: Aws, name: str) -> Endpoint | None:
    """The endpoint of that name, if there is one; a `BenchError` if it was made by somebody else."""
    endpoint = _endpoint(aws, name)
    if endpoint is not None and not _is_own(aws, endpoint.arn, name):
        raise BenchError(f"endpoint {name} is there and was not made by this command: choose another --name")
    return endpoint


def _is_own(aws: Aws, arn: str, name: str) -> bool:
    return {"Key": TAG, "Value": name} in aws.pages("sagemaker", "list_tags", "Tags", ResourceArn=arn)


def _send(aws: Aws, call: Call, log: Log) -> None:
    named = ("EndpointName", "ModelName", "EndpointConfigName", "Key", "PolicyName", "ResourceId")
    log(f"{call.operation} {next(call.parameters[key] for key in named if key in call.parameters)}")
    aws.call(call)


def _wait(aws: Aws, name: str, log: Log, poll_s: float) -> Endpoint | None:
    """The endpoint when it changes no more, None if it is gone; a `BenchError` with the reason if it failed."""
    started = time.monotonic()
    while (endpoint := _endpoint(aws, name)) is not None and endpoint.status in CHANGING:
        log(f"endpoint {name}: {endpoint.status}, {time.monotonic() - started:.0f} s")
        time.sleep(poll_s)
    if endpoint is not None and endpoint.status != "InService":
        raise BenchError(f"endpoint {name} is {endpoint.status}{_reason(endpoint)}; --delete removes it")
    return endpoint


def _reason(endpoint: Endpoint | None) -> str:
    reason = " ".join(endpoint.failure.split())[:300] if endpoint else ""
    return f": {reason or 'SageMaker gives no reason'}; the container's log is in CloudWatch"


def _unscale(aws: Aws, name: str, log: Log) -> None:
    target = scalable(name)
    query = {"ServiceNamespace": target["ServiceNamespace"], "ResourceIds": [target["ResourceId"]]}
    if aws.pages("application-autoscaling", "describe_scalable_targets", "ScalableTargets", **query):
        _send(aws, Call("application-autoscaling", "deregister_scalable_target", dict(target)), log)


def remove(name: str, aws: Aws, log: Log, poll_s: float = 15.0) -> None:
    """Delete the endpoint and every configuration, model and archive that deployments of that name have made."""
    endpoint, rest = _own_endpoint(aws, name), _deletions(aws, name)
    if endpoint is None and not rest:
        raise BenchError(f"nothing named {name} in {aws.region} was made by this command")
    if endpoint is not None:
        _unscale(aws, name, log)
        _send(aws, Call("sagemaker", "delete_endpoint", {"EndpointName": name}), log)
        _wait(aws, name, log, poll_s)
    for call in rest:
        _send(aws, call, log)


def _deletions(aws: Aws, name: str) -> list[Call]:
    """What deletes the configurations, the models and their archives, this one's and earlier ones'."""
    calls, archives = [], set()
    for listing, key, kind in (
        ("list_endpoint_configs", "EndpointConfigs", "EndpointConfig"),
        ("list_models", "Models", "Model"),
    ):
        for item in aws.pages("sagemaker", listing, key, NameContains=f"{name}-"):
            item_name = item[f"{kind}Name"]
            if not re.fullmatch(rf"{name}-[0-9a-f]{{12}}", item_name) or not _is_own(aws, item[f"{kind}Arn"], name):
                continue
            operation = "delete_endpoint_config" if kind == "EndpointConfig" else "delete_model"
            calls.append(Call("sagemaker", operation, {f"{kind}Name": item_name}))
            if kind == "Model":
                model = aws.describe("sagemaker", "describe_model", ModelName=item_name) or {}
                archives.add(model.get("PrimaryContainer", {}).get("ModelDataUrl", ""))
    for url in sorted(archives):
        bucket, _, path = url.removeprefix("s3://").partition("/")
        if path.startswith(prefix(name)):
            calls.append(Call("s3", "delete_object", {"Bucket": bucket, "Key": path}))
    return calls
