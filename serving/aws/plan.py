"""What makes an endpoint, as plain data: the calls of boto3 in their order. Nothing here is sent."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from bench.run.keys import digest
from serving.aws.bundle import ARCHIVE, Bundle
from serving.aws.deployment import Deployment, Instances

TAG = "sentibench"
"""The key of the tag that says which deployment a thing belongs to."""
VARIANT = "main"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"
METRIC = "SageMakerVariantInvocationsPerInstance"


@dataclass(frozen=True)
class Call:
    """One call of boto3: `client(service).operation(**parameters)`."""

    service: str
    operation: str
    parameters: dict[str, Any]


def plan(bundle: Bundle, wanted: Deployment) -> list[Call]:
    """Every call of a first deployment in its order; names end in a hash of what they name, so that none is reused."""
    key = f"{prefix(wanted.name)}{bundle.artifact}/{ARCHIVE}"
    image = {"Image": wanted.image, "ModelDataUrl": f"s3://{wanted.bucket}/{key}"}
    model: dict[str, Any] = {"PrimaryContainer": image, "ExecutionRoleArn": wanted.role}
    if isinstance(wanted.capacity, Instances):  # serverless endpoints do not know it
        model["EnableNetworkIsolation"] = True
    model_name = _named(wanted.name, model)
    variant = {"VariantName": VARIANT, "ModelName": model_name, "InitialVariantWeight": 1.0} | wanted.capacity.variant()
    config = {"ProductionVariants": [variant]}
    config_name, tags = _named(wanted.name, config), [{"Key": TAG, "Value": wanted.name}]
    checksum = base64.b64encode(bytes.fromhex(bundle.sha256)).decode()
    upload = {"Bucket": wanted.bucket, "Key": key, "Body": str(bundle.archive), "ChecksumSHA256": checksum}
    endpoint = {"EndpointName": wanted.name, "EndpointConfigName": config_name}
    return [
        Call("s3", "put_object", upload),
        Call("sagemaker", "create_model", {"ModelName": model_name, **model, "Tags": tags}),
        Call("sagemaker", "create_endpoint_config", {"EndpointConfigName": config_name, **config, "Tags": tags}),
        Call("sagemaker", "create_endpoint", {**endpoint, "Tags": tags}),
        *scaling(wanted),
    ]


def scaling(wanted: Deployment) -> list[Call]:
    """The calls that let the number of machines follow what is asked; none where it is fixed."""
    capacity = wanted.capacity
    if not isinstance(capacity, Instances) or capacity.scale_to is None:
        return []
    target = scalable(wanted.name)
    tracking = {
        "TargetValue": float(capacity.per_minute),
        "PredefinedMetricSpecification": {"PredefinedMetricType": METRIC},
        "ScaleOutCooldown": 60,
        "ScaleInCooldown": 300,
    }
    policy = {
        "PolicyName": f"{wanted.name}-invocations", **target, "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": tracking,
    }  # fmt: skip
    bounds = {"MinCapacity": capacity.count, "MaxCapacity": capacity.scale_to}
    return [
        Call("application-autoscaling", "register_scalable_target", target | bounds),
        Call("application-autoscaling", "put_scaling_policy", policy),
    ]


def scalable(name: str) -> dict[str, str]:
    """What Application Auto Scaling calls the machines of an endpoint."""
    resource = f"endpoint/{name}/variant/{VARIANT}"
    return {"ServiceNamespace": "sagemaker", "ResourceId": resource, "ScalableDimension": DIMENSION}


def prefix(name: str) -> str:
    """Under which a deployment's archives lie in their bucket."""
    return f"sentibench/{name}/"


def _named(name: str, parameters: dict[str, Any]) -> str:
    return f"{name}-{digest(parameters)[:12]}"
