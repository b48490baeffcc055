"""`serving deploy`: a bundle as a SageMaker endpoint, and its removal."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.api import BenchError

if TYPE_CHECKING:
    from serving.aws.deployment import Instances, Serverless


def deploy(
    name: Annotated[str, typer.Option(help="Of the endpoint.")],
    bundle: Annotated[Path | None, typer.Argument(help="The folder that `package` wrote.")] = None,
    role: Annotated[str, typer.Option(help="ARN of the role that SageMaker takes on.")] = "",
    bucket: Annotated[str, typer.Option(help="Where model.tar.gz goes.")] = "",
    image: Annotated[str, typer.Option(help="The image in ECR that the bundle's Dockerfile made.")] = "",
    serverless: Annotated[bool, typer.Option("--serverless", help="Capacity by request.")] = False,
    memory_mb: Annotated[int, typer.Option(help="Of a serverless endpoint.")] = 2048,
    max_concurrency: Annotated[int, typer.Option(help="Of a serverless endpoint.")] = 5,
    instance: Annotated[str | None, typer.Option(help="Machines of this type, such as ml.c6i.large.")] = None,
    count: Annotated[int, typer.Option(help="How many machines.")] = 1,
    scale_to: Annotated[int | None, typer.Option(help="Up to how many, as more requests come; none: --count.")] = None,
    per_minute: Annotated[int, typer.Option(help="Invocations a minute of one machine to aim at.")] = 3000,
    region: Annotated[str | None, typer.Option(help="The image's by default.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the calls as JSON; nothing is sent.")] = False,
    delete: Annotated[bool, typer.Option("--delete", help="Remove all that was deployed by that name.")] = False,
) -> None:
    """Upload, create model, configuration, endpoint and scaling, wait until it serves. Again: rolls on to what is new.

    [dim]python -m serving deploy bundle --name tweets --role ARN --bucket B --image URI --serverless --dry-run[/]

    [dim]python -m serving deploy --name tweets --delete --region eu-west-1[/]
    """
    from serving.aws.client import Aws
    from serving.aws.deploy import deploy as send
    from serving.aws.deploy import remove
    from serving.aws.deployment import Deployment, check_name
    from serving.aws.plan import plan

    if delete:
        if dry_run:
            raise BenchError("--delete has no --dry-run: it has to look at what there is")
        check_name(name)
        remove(name, Aws(region), _log)
        return
    if bundle is None:
        raise BenchError("deploy what? Give the folder that `python -m serving package` wrote")
    from serving.aws.bundle import read_bundle

    capacity = _capacity(serverless, memory_mb, max_concurrency, instance, count, scale_to, per_minute)
    deployment, packed = Deployment(name, role, bucket, image, capacity), read_bundle(bundle)
    deployment.check()
    if region not in (None, deployment.region):
        raise BenchError(
            f"--region {region}: the image is in {deployment.region}, and SageMaker takes none from elsewhere"
        )
    if dry_run:
        print(json.dumps([dataclasses.asdict(call) for call in plan(packed, deployment)], indent=1))
        return
    send(packed, deployment, Aws(deployment.region), _log)
    print(
        f"aws sagemaker-runtime invoke-endpoint --region {deployment.region} --endpoint-name {deployment.name}"
        " --content-type application/json --cli-binary-format raw-in-base64-out"
        """ --body '["what a day"]' /dev/stdout"""
    )


def _capacity(
    serverless: bool, memory_mb: int, max_concurrency: int,
    instance: str | None, count: int, scale_to: int | None, per_minute: int,
) -> Serverless | Instances:  # fmt: skip
    from serving.aws.deployment import Instances, Serverless

    if serverless == (instance is not None):
        raise BenchError("choose one of --serverless and --instance TYPE")
    if instance is None:
        return Serverless(memory_mb, max_concurrency)
    return Instances(instance, count, scale_to, per_minute)


def _log(line: str) -> None:
    print(line, file=sys.stderr)
