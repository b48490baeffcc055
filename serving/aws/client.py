"""AWS through boto3: clients of one region, and each way in which a call can fail as one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.api import BenchError
from bench.requirements import install_command
from serving.aws.plan import Call

CREDENTIALS = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
HINTS = {
    "NoSuchBucket": "make the bucket first, in the region of the endpoint",
    "AccessDenied": "your credentials lack that permission",
    "AccessDeniedException": "your credentials lack that permission",
    "ExpiredToken": "log in again",
    "ExpiredTokenException": "log in again",
    "InvalidClientTokenId": CREDENTIALS,
    "UnrecognizedClientException": CREDENTIALS,
    "ResourceLimitExceeded": "ask AWS for a higher quota, or choose another --instance",
}
"""What to do, by AWS's name of the error."""


class Aws:
    """Clients by service, made when first needed."""

    def __init__(self, region: str | None) -> None:
        """`region` None: that of AWS_REGION or the profile."""
        try:
            import boto3
        except ModuleNotFoundError:
            raise BenchError(f"deploying needs 'boto3': {install_command('boto3')}") from None
        with one_line():
            self.session = boto3.Session(region_name=region)
        if self.session.region_name is None:
            raise BenchError("no region: give --region, or set AWS_REGION")
        self._clients: dict[str, Any] = {}

    @property
    def region(self) -> str:
        """Where all of it happens."""
        return str(self.session.region_name)

    def client(self, service: str) -> Any:
        """The client of a service."""
        if service not in self._clients:
            with one_line():
                self._clients[service] = self.session.client(service)
        return self._clients[service]

    def call(self, call: Call) -> None:
        """Send one call; the body of an upload is read from the file that it names."""
        operation = getattr(self.client(call.service), call.operation)
        with one_line(call.operation):
            if "Body" not in call.parameters:
                operation(**call.parameters)
                return
            with Path(call.parameters["Body"]).open("rb") as body:
                operation(**call.parameters | {"Body": body})

    def describe(self, service: str, operation: str, **parameters: Any) -> dict[str, Any] | None:
        """The answer of a call that describes a thing; None where there is none."""
        from botocore.exceptions import ClientError

        with one_line(operation):
            try:
                return dict(getattr(self.client(service), operation)(**parameters))
            except ClientError as error:
                if is_missing(error):
                    return None
                raise

    def pages(self, service: str, operation: str, key: str, **parameters: Any) -> list[Any]:
        """All items under `key` of every page of an answer."""
        with one_line(operation):
            pages = self.client(service).get_paginator(operation).paginate(**parameters)
            return [item for page in pages for item in page[key]]


def is_missing(error: Any) -> bool:
    """Whether an answer means that there is no such thing; SageMaker has no code of its own for it.

    S3 answers 403 for what is not there to those who may not list the bucket; the upload then shows if they may write.
    """
    details = error.response["Error"]
    return details["Code"] in ("404", "403", "NoSuchKey") or "Could not find" in details.get("Message", "")


@contextmanager
def one_line(doing: str = "AWS") -> Iterator[None]:
    """Failures of botocore inside as a `BenchError`."""
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

    try:
        yield
    except (NoCredentialsError, PartialCredentialsError):
        raise BenchError(f"no AWS credentials: {CREDENTIALS}") from None
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
        hint = f"; {HINTS[code]}" if code in HINTS else ""
        raise BenchError(f"{doing}: {code}: {' '.join(message.split())[:300]}{hint}") from None
    except BotoCoreError as error:
        raise BenchError(f"{doing}: {' '.join(str(error).split())[:300]}") from None
