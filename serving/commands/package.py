"""`serving package`: an artifact as a bundle for a cloud endpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.api import BenchError, did_you_mean
from bench.commands.options import StoreOption
from serving.commands.options import AllowCode, Artifact

TARGETS = ("sagemaker",)


def package(
    artifact: Artifact,
    out: Annotated[Path, typer.Option(help="The folder to write; a bundle that is there is written again.")],
    target: Annotated[str, typer.Option(help="What the bundle is for: sagemaker.")] = "sagemaker",
    allow_code: AllowCode = False,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Write model.tar.gz and all that an image needs to serve it: Dockerfile, pinned packages, source. Sends nothing.

    [dim]python -m serving package finetune-emotions-s0-3f2a81c09b --out bundle[/]
    """
    if target not in TARGETS:
        raise BenchError(f"--target {target}: {did_you_mean(target, TARGETS)}")
    from bench.stores import open_store
    from serving.aws.bundle import write_bundle
    from serving.live_model import served
    from serving.trust import Trust

    bundle = write_bundle(served(artifact, Trust(open_store(store), allow_code)), out)
    size = bundle.archive.stat().st_size
    print(f"{bundle.archive}: {size:,} bytes, artifact {bundle.artifact[:12]}")
    print(f"image: docker build -t sentibench:{bundle.artifact[:12]} {out}")
    print(f"then push it to ECR, and: python -m serving deploy {out} --name … --role … --bucket … --image …")
