"""Deploying against moto's AWS: both kinds, again, on to something new, away; and what cannot be, in one line."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core.responses import ActionResult
from moto.sagemaker.models import sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse
from typer.testing import CliRunner

from bench.errors import BenchError
from serving.cli import app
from tests.forks import ROOT, as_text, fork

REGION, NAME, BUCKET = "eu-west-1", "tweets", "models"
ROLE = "arn:aws:iam::123456789012:role/serve"
IMAGE = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/sentibench:1"
GIVEN = ("--name", NAME, "--role", ROLE, "--bucket", BUCKET, "--image", IMAGE)
MACHINES = (*GIVEN, "--instance", "ml.m5.large", "--scale-to", "4")
SERVERLESS = (*GIVEN, "--serverless", "--memory-mb", "2048", "--max-concurrency", "5")
READS = ("Describe", "List", "Head", "Get")
Call = tuple[str, dict[str, Any]]


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """What `deploy` reads of a bundle."""
    return _pack(tmp_path / "bundle", b"an archive")


def _pack(folder: Path, content: bytes) -> Path:
    folder.mkdir()
    (folder / "model.tar.gz").write_bytes(content)
    hashed = hashlib.sha256(content).hexdigest()
    (folder / "bundle.json").write_text(json.dumps({"artifact": hashed[::-1], "sha256": hashed}))
    return folder


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Call]]:
    """AWS by moto; the changing calls that botocore was asked for, as they come."""
    monkeypatch.setattr(SageMakerResponse, "update_endpoint", _update_endpoint, raising=False)
    for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(key, "testing")
    calls: list[Call] = []

    def record(params: dict[str, Any], model: Any, **_: Any) -> None:
        if not model.name.startswith(READS):
            calls.append((model.name, {k: v.name if k == "Body" else v for k, v in params.items()}))

    with mock_aws():
        where = {"LocationConstraint": REGION}
        boto3.client("s3", REGION).create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
        boto3.setup_default_session()
        original = boto3.Session.__init__

        def watched(self: boto3.Session, *given: Any, **named: Any) -> None:
            original(self, *given, **named)
            self.events.register("provide-client-params.*.*", record)

        monkeypatch.setattr(boto3.Session, "__init__", watched)
        yield calls


def _update_endpoint(self: Any) -> ActionResult:
    """SageMaker's UpdateEndpoint, which moto lacks."""
    backend = sagemaker_backends[self.current_account][self.region]
    endpoint = backend.endpoints[self._get_param("EndpointName")]
    endpoint.endpoint_config_name = self._get_param("EndpointConfigName")
    backend.describe_endpoint_config(endpoint.endpoint_config_name)
    return ActionResult({"EndpointArn": endpoint.arn})


def _run(*arguments: str) -> str:
    """Standard output of `python -m serving deploy`, here."""
    ran = CliRunner().invoke(app, ["deploy", *arguments])
    if ran.exception is not None and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    assert ran.exit_code == 0, ran.output
    return ran.stdout


def _endpoint() -> dict[str, Any]:
    """The endpoint with its configuration's variant."""
    client = boto3.client("sagemaker", REGION)
    found = client.describe_endpoint(EndpointName=NAME)
    config = client.describe_endpoint_config(EndpointConfigName=found["EndpointConfigName"])
    return found | {"Variant": config["ProductionVariants"][0]}


def _counts() -> tuple[int, ...]:
    """Endpoints, configurations, models, archives, scaled endpoints."""
    client = boto3.client("sagemaker", REGION)
    targets = boto3.client("application-autoscaling", REGION).describe_scalable_targets(ServiceNamespace="sagemaker")
    return (
        len(client.list_endpoints()["Endpoints"]), len(client.list_endpoint_configs()["EndpointConfigs"]),
        len(client.list_models()["Models"]),
        boto3.client("s3", REGION).list_objects_v2(Bucket=BUCKET)["KeyCount"], len(targets["ScalableTargets"]),
    )  # fmt: skip


@pytest.mark.parametrize("options", [MACHINES, SERVERLESS], ids=["machines", "serverless"])
def test_a_dry_run_says_what_is_then_sent_and_again_sends_nothing(
    packed: Path, sent: list[Call], options: tuple[str, ...]
) -> None:
    calls = json.loads(_run(str(packed), *options, "--dry-run"))
    assert sent == []
    assert f"invoke-endpoint --region {REGION} --endpoint-name {NAME}" in _run(str(packed), *options)
    wanted = [("".join(map(str.capitalize, call["operation"].split("_"))), call["parameters"]) for call in calls]
    assert sent == wanted
    sent.clear()
    _run(str(packed), *options)
    upserts = ["RegisterScalableTarget", "PutScalingPolicy"] if options == MACHINES else []
    assert [name for name, _ in sent] == upserts


def test_machines_are_scaled_by_what_is_asked_of_each(packed: Path, sent: list[Call]) -> None:
    _run(str(packed), *MACHINES)
    found = _endpoint()
    assert found["EndpointStatus"] == "InService" and found["Variant"]["InstanceType"] == "ml.m5.large"
    model = boto3.client("sagemaker", REGION).describe_model(ModelName=found["Variant"]["ModelName"])
    bucket, _, key = model["PrimaryContainer"]["ModelDataUrl"].removeprefix("s3://").partition("/")
    body = boto3.client("s3", REGION).get_object(Bucket=bucket, Key=key)["Body"].read()
    assert body == b"an archive" and model["PrimaryContainer"]["Image"] == IMAGE
    scaling = boto3.client("application-autoscaling", REGION)
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    (policy,) = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 4)
    tracked = policy["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"]
    assert tracked["PredefinedMetricType"] == "SageMakerVariantInvocationsPerInstance"


def test_it_rolls_forward_and_back_and_goes_without_a_trace(packed: Path, sent: list[Call], tmp_path: Path) -> None:
    _run(str(packed), *MACHINES)
    first = _endpoint()["EndpointConfigName"]
    newer = _pack(tmp_path / "newer", b"another archive")
    _run(str(newer), *SERVERLESS)
    assert _endpoint()["Variant"]["ServerlessConfig"] == {"MemorySizeInMB": 2048, "MaxConcurrency": 5}
    assert _counts() == (1, 2, 2, 2, 0)
    names = [name for name, _ in sent]
    assert (
        names.index("DeregisterScalableTarget") < names.index("UpdateEndpoint") and names.count("CreateEndpoint") == 1
    )
    sent.clear()
    _run(str(packed), *MACHINES)
    assert _endpoint()["EndpointConfigName"] == first
    assert [name for name, _ in sent] == ["UpdateEndpoint", "RegisterScalableTarget", "PutScalingPolicy"]
    boto3.client("sagemaker", REGION).create_model(ModelName=f"{NAME}-{'0' * 12}", ExecutionRoleArn=ROLE)
    _run("--name", NAME, "--region", REGION, "--delete")
    assert _counts() == (0, 0, 1, 0, 0), "somebody else's model stays"
    with pytest.raises(BenchError, match=f"nothing named {NAME} in {REGION}"):
        _run("--name", NAME, "--region", REGION, "--delete")


def test_an_endpoint_of_somebody_else_is_left_alone(packed: Path, sent: list[Call]) -> None:
    client = boto3.client("sagemaker", REGION)
    client.create_model(ModelName="other", ExecutionRoleArn=ROLE)
    variant = {"VariantName": "a", "ModelName": "other", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    client.create_endpoint_config(EndpointConfigName="other", ProductionVariants=[variant])
    client.create_endpoint(EndpointName=NAME, EndpointConfigName="other")
    before = len(sent)
    for arguments in ((str(packed), *SERVERLESS), ("--name", NAME, "--region", REGION, "--delete")):
        with pytest.raises(BenchError, match="was not made by this command: choose another --name"):
            _run(*arguments)
    assert len(sent) == before


def test_a_failure_says_sagemakers_reason(packed: Path, sent: list[Call]) -> None:
    _run(str(packed), *SERVERLESS)
    (endpoint,) = sagemaker_backends["123456789012"][REGION].endpoints.values()
    endpoint.endpoint_status, endpoint.failure_reason = "Failed", "The container\ndid not answer /ping."
    with pytest.raises(BenchError, match=r"Failed: The container did not answer /ping\.; the container's log is"):
        _run(str(packed), *SERVERLESS)
    with pytest.raises(BenchError, match=r"NoSuchBucket: .*make the bucket first"):
        _run(str(packed), *(option if option != BUCKET else "no-bucket-here" for option in SERVERLESS), "--name", "b")


def test_an_update_that_sagemaker_takes_back_is_told(
    packed: Path, sent: list[Call], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _run(str(packed), *SERVERLESS)
    monkeypatch.setattr(SageMakerResponse, "update_endpoint", lambda self: ActionResult({"EndpointArn": "arn"}))
    with pytest.raises(BenchError, match="tweets rolled back and serves what it did before: SageMaker gives no reason"):
        _run(str(_pack(tmp_path / "newer", b"another archive")), *SERVERLESS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (SERVERLESS, "no AWS credentials: set AWS_PROFILE"),
        ((*SERVERLESS, "--memory-mb", "2000"), "--memory-mb 2000: one of 1024"),
        ((*SERVERLESS, "--max-concurrency", "0"), "--max-concurrency 0: 1 to 200"),
        ((*SERVERLESS, "--instance", "ml.c6i.large"), "choose one of --serverless and --instance"),
        ((*GIVEN, "--instance", "c6i"), "give a type such as ml.c6i.large"),
        ((*MACHINES, "--count", "5"), "--scale-to 4 is less than --count 5"),
        ((*SERVERLESS, "--name", "a_b"), "--name a_b: letters, digits and single dashes"),
        ((*SERVERLESS, "--role", "serve"), "--role serve: give one such as arn:aws:iam::"),
        ((*SERVERLESS, "--image", "sentibench"), "--image sentibench: give one such as"),
        ((*SERVERLESS, "--region", "us-east-1"), "the image is in eu-west-1"),
        (("--name", NAME, "--delete", "--dry-run"), "--delete has no --dry-run"),
    ],
)
def test_what_cannot_be_deployed_is_one_line(
    packed: Path, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    with pytest.raises(BenchError) as error, pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("HOME", str(tmp_path))
        _run(str(packed), *arguments)
    assert message in str(error.value) and "\n" not in str(error.value)


def test_a_bundle_that_is_not_whole_is_one_line(packed: Path) -> None:
    (packed / "model.tar.gz").write_bytes(b"altered")
    with pytest.raises(BenchError, match="is altered since it was packaged: package the artifact again"):
        _run(str(packed), *SERVERLESS, "--dry-run")
    (packed / "model.tar.gz").unlink()
    command = ("serving", "deploy", str(packed), *SERVERLESS, "--dry-run")
    ran = as_text(fork("bench", *command, environment=os.environ, folder=ROOT))
    message = f"error: {packed} is no whole bundle: it needs bundle.json and model.tar.gz"
    assert ran.returncode == 2 and ran.stderr.startswith(message) and len(ran.stderr.splitlines()) == 1
