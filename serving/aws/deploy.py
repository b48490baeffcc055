"""Deploying and removing: each step looks first, so that the same command again changes nothing that stands."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from bench.api import BenchError
from serving.aws.bundle import Bundle
from serving.aws.client import Aws
from serving.aws.deployment import Deployment
from serving.aws.plan import TAG, Call, plan, prefix, scalable

Tell = Callable[[str], None]
MOVING = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")
STANDING = {
    "put_object": ("s3", "head_object", ("Bucket", "Key")),
    "create_model": ("sagemaker", "describe_model", ("ModelName",)),
    "create_endpoint_config": ("sagemaker", "describe_endpoint_config", ("EndpointConfigName",)),
}
"""What shows that a call has been made before; its name holds the hash of its content."""


def deploy(bundle: Bundle, wanted: Deployment, aws: Aws, tell: Tell, poll_s: float = 15.0) -> None:
    """Make what is missing, roll the endpoint on to it, wait until it serves. `tell` is given a line a step."""
    calls = {call.operation: call for call in plan(bundle, wanted)}
    current = _own_endpoint(aws, wanted.name)
    for operation, (service, look, keys) in STANDING.items():
        call = calls.pop(operation)
        if aws.look(service, look, **{key: call.parameters[key] for key in keys}) is None:
            _send(aws, call, tell)
    if current is not None:
        _wait(aws, wanted.name, tell, poll_s)
    create = calls.pop("create_endpoint")
    _roll(aws, create, current, tell)
    standing = _wait(aws, wanted.name, tell, poll_s) or {}
    if standing.get("EndpointConfigName") != create.parameters["EndpointConfigName"]:
        raise BenchError(f"endpoint {wanted.name} rolled back and serves what it did before{_reason(standing)}")
    if not calls:
        _unscale(aws, wanted.name, tell)
    for call in calls.values():
        _send(aws, call, tell)


def _roll(aws: Aws, create: Call, current: dict[str, Any] | None, tell: Tell) -> None:
    wanted = {key: create.parameters[key] for key in ("EndpointName", "EndpointConfigName")}
    if current is None:
        _send(aws, create, tell)
    elif current["EndpointConfigName"] != wanted["EndpointConfigName"]:
        _unscale(aws, wanted["EndpointName"], tell)  # SageMaker updates no machines that something else may count
        _send(aws, Call("sagemaker", "update_endpoint", wanted), tell)


def _own_endpoint(aws: Aws, name: str) -> dict[str, Any] | None:
    """The endpoint of that name, if there is one; a `BenchError` if it was made by somebody else."""
    found = aws.look("sagemaker", "describe_endpoint", EndpointName=name)
    if found is not None and not _is_own(aws, found["EndpointArn"], name):
        raise BenchError(f"endpoint {name} is there and was not made by this command: choose another --name")
    return found


def _is_own(aws: Aws, arn: str, name: str) -> bool:
    return {"Key": TAG, "Value": name} in aws.pages("sagemaker", "list_tags", "Tags", ResourceArn=arn)


def _send(aws: Aws, call: Call, tell: Tell) -> None:
    named = ("EndpointName", "ModelName", "EndpointConfigName", "Key", "PolicyName", "ResourceId")
    tell(f"{call.operation} {next(call.parameters[key] for key in named if key in call.parameters)}")
    aws.call(call)


def _wait(aws: Aws, name: str, tell: Tell, poll_s: float) -> dict[str, Any] | None:
    """What the endpoint is when it moves no more, None if it is gone; a `BenchError` with the reason if it failed."""
    started = time.monotonic()
    while (found := aws.look("sagemaker", "describe_endpoint", EndpointName=name)) is not None:
        status = found["EndpointStatus"]
        if status not in MOVING:
            break
        tell(f"endpoint {name}: {status}, {time.monotonic() - started:.0f} s")
        time.sleep(poll_s)
    if found is not None and found["EndpointStatus"] != "InService":
        raise BenchError(f"endpoint {name} is {found['EndpointStatus']}{_reason(found)}; --delete removes it")
    return found


def _reason(found: dict[str, Any]) -> str:
    said = " ".join(str(found.get("FailureReason", "")).split())[:300]
    return f": {said or 'SageMaker gives no reason'}; the container's log is in CloudWatch"


def _unscale(aws: Aws, name: str, tell: Tell) -> None:
    target = scalable(name)
    asked = {"ServiceNamespace": target["ServiceNamespace"], "ResourceIds": [target["ResourceId"]]}
    if aws.pages("application-autoscaling", "describe_scalable_targets", "ScalableTargets", **asked):
        _send(aws, Call("application-autoscaling", "deregister_scalable_target", dict(target)), tell)


def remove(name: str, aws: Aws, tell: Tell, poll_s: float = 15.0) -> None:
    """Delete the endpoint and every configuration, model and archive that deployments of that name have made."""
    endpoint, rest = _own_endpoint(aws, name), _leavings(aws, name)
    if endpoint is None and not rest:
        raise BenchError(f"nothing named {name} in {aws.region} was made by this command")
    if endpoint is not None:
        _unscale(aws, name, tell)
        _send(aws, Call("sagemaker", "delete_endpoint", {"EndpointName": name}), tell)
        _wait(aws, name, tell, poll_s)
    for call in rest:
        _send(aws, call, tell)


def _leavings(aws: Aws, name: str) -> list[Call]:
    """What deletes the configurations, the models and their archives, this one's and earlier ones'."""
    calls, archives = [], set()
    for listing, key, kind in (
        ("list_endpoint_configs", "EndpointConfigs", "EndpointConfig"),
        ("list_models", "Models", "Model"),
    ):
        for item in aws.pages("sagemaker", listing, key, NameContains=f"{name}-"):
            found = item[f"{kind}Name"]
            if not re.fullmatch(rf"{name}-[0-9a-f]{{12}}", found) or not _is_own(aws, item[f"{kind}Arn"], name):
                continue
            operation = "delete_endpoint_config" if kind == "EndpointConfig" else "delete_model"
            calls.append(Call("sagemaker", operation, {f"{kind}Name": found}))
            if kind == "Model":
                told = aws.look("sagemaker", "describe_model", ModelName=found) or {}
                archives.add(told.get("PrimaryContainer", {}).get("ModelDataUrl", ""))
    for url in sorted(archives):
        bucket, _, path = url.removeprefix("s3://").partition("/")
        if path.startswith(prefix(name)):
            calls.append(Call("s3", "delete_object", {"Bucket": bucket, "Key": path}))
    return calls
