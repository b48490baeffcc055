"""What is to stand in the cloud, checked before anything is sent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from bench.api import BenchError

LONGEST_NAME = 50
"""63 is SageMaker's; behind a name go a dash and twelve digits of a hash."""
MEMORY_MB = (1024, 2048, 3072, 4096, 5120, 6144)
IMAGE = re.compile(r"\d{12}\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?/[a-z0-9._/-]+([:@][\w.:-]+)?")
ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/.+")
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")

Parameters = dict[str, Any]
"""Of a call of boto3, under the names of its reference."""


@dataclass(frozen=True)
class Serverless:
    """Capacity by request: nothing is paid while no request comes."""

    memory_mb: int = 2048
    max_concurrency: int = 5

    def check(self) -> None:
        """A `BenchError` for what SageMaker does not take."""
        if self.memory_mb not in MEMORY_MB:
            raise BenchError(f"--memory-mb {self.memory_mb}: one of {', '.join(map(str, MEMORY_MB))}")
        if not 1 <= self.max_concurrency <= 200:
            raise BenchError(f"--max-concurrency {self.max_concurrency}: 1 to 200")

    def variant(self) -> Parameters:
        """The capacity of a production variant."""
        return {"ServerlessConfig": {"MemorySizeInMB": self.memory_mb, "MaxConcurrency": self.max_concurrency}}


@dataclass(frozen=True)
class Instances:
    """Machines that run all the time: `count` of them, up to `scale_to` where more requests come."""

    kind: str
    count: int = 1
    scale_to: int | None = None
    per_minute: int = 3000
    """Invocations a minute of one machine to aim at."""

    def check(self) -> None:
        """A `BenchError` for what SageMaker does not take."""
        if not re.fullmatch(r"ml\.[a-z0-9-]+\.[a-z0-9]+", self.kind):
            raise BenchError(f"--instance {self.kind}: give a type such as ml.c6i.large")
        if self.count < 1 or self.per_minute < 1:
            raise BenchError("--count and --per-minute: 1 or more")
        if self.scale_to is not None and self.scale_to < self.count:
            raise BenchError(f"--scale-to {self.scale_to} is less than --count {self.count}")

    def variant(self) -> Parameters:
        """The capacity of a production variant."""
        return {"InstanceType": self.kind, "InitialInstanceCount": self.count}


@dataclass(frozen=True)
class Deployment:
    """What is to stand in the cloud."""

    name: str
    role: str
    bucket: str
    image: str
    capacity: Serverless | Instances

    @property
    def region(self) -> str:
        """Where the image is: SageMaker takes none from another region."""
        match = IMAGE.fullmatch(self.image)
        return match.group(1) if match else ""

    def check(self) -> None:
        """A `BenchError` for what AWS would refuse later, in a longer message."""
        check_name(self.name)
        for option, value, pattern, example in (
            ("--role", self.role, ROLE, "arn:aws:iam::123456789012:role/NAME"),
            ("--bucket", self.bucket, BUCKET, "my-bucket"),
            ("--image", self.image, IMAGE, "123456789012.dkr.ecr.eu-west-1.amazonaws.com/sentibench:TAG"),
        ):
            if not pattern.fullmatch(value):
                raise BenchError(f"{option} {value}: give one such as {example}")
        self.capacity.check()


def check_name(name: str) -> None:
    """A `BenchError` for a name that SageMaker does not take."""
    if len(name) > LONGEST_NAME or not re.fullmatch(r"[a-zA-Z0-9](-?[a-zA-Z0-9])*", name):
        raise BenchError(f"--name {name}: letters, digits and single dashes between them, {LONGEST_NAME} at most")
