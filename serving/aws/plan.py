"""What makes an endpoint, as plain data: the calls of boto3 in their order. Nothing here is sent."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from bench.run.keys import digest
from serving.aws.bundle import ARCHIVE, Bundle
from serving.aws.deployment import Deployment, Instances, Parameters

TAG = "sentibench"
"""The key of the tag that names the deployment a thing belongs to."""
VARIANT = "main"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"
METRIC = "SageMakerVariantInvocationsPerInstance"


@dataclass(frozen=True)
class Call:
    """One call of boto3: `client(service).operation(**parameters)`."""

    service: str
    operation: str
    parameters: Parameters


def plan(bundle: Bundle, deployment: Deployment) -> list[Call]:
    """Every call of a first deployment in its order; names end in a hash of what they name, so that none is reused."""
    key = f"{prefix(deployment.name)}{bundle.artifact}/{ARCHIVE}"
    image = {"Image": deployment.image, "ModelDataUrl": f"s3://{deployment.bucket}/{key}"}
    model: Parameters = {"PrimaryContainer": image, "ExecutionRoleArn": deployment.role}
    if isinstance(deployment.capacity, Instances):  # serverless endpoints do not have it
        model["EnableNetworkIsolation"] = True
    model_name = _named(deployment.name, model)
    variant = {"VariantName": VARIANT, "ModelName": model_name, "InitialVariantWeight": 1.0}
    config = {"ProductionVariants": [variant | deployment.capacity.variant()]}
    config_name, tags = _named(deployment.name, config), [{"Key": TAG, "Value": deployment.name}]
    checksum = base64.b64encode(bytes.fromhex(bundle.sha256)).decode()
    upload = {"Bucket": deployment.bucket, "Key": key, "Body": str(bundle.archive), "ChecksumSHA256": checksum}
    endpoint = {"EndpointName": deployment.name, "EndpointConfigName": config_name}
    return [
        Call("s3", "put_object", upload),
        Call("sagemaker", "create_model", {"ModelName": model_name, **model, "Tags": tags}),
        Call("sagemaker", "create_endpoint_config", {"EndpointConfigName": config_name, **config, "Tags": tags}),
        Call("sagemaker", "create_endpoint", {**endpoint, "Tags": tags}),
        *scaling(deployment),
    ]


def scaling(deployment: Deployment) -> list[Call]:
    """The calls that let the number of machines follow the requests; none where it is fixed."""
    capacity = deployment.capacity
    if not isinstance(capacity, Instances) or capacity.scale_to is None:
        return []
    target = scalable(deployment.name)
    tracking = {
        "TargetValue": float(capacity.per_minute),
        "PredefinedMetricSpecification": {"PredefinedMetricType": METRIC},
        "ScaleOutCooldown": 60,
        "ScaleInCooldown": 300,
    }
    policy = {
        "PolicyName": f"{deployment.name}-invocations", **target, "PolicyType": "TargetTrackingScaling",
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
    """Of the keys of a deployment's archives in their bucket."""
    return f"sentibench/{name}/"


def _named(name: str, parameters: Parameters) -> str:
    return f"{name}-{digest(parameters)[:12]}"
