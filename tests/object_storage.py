"""Servers of S3's and of Azure's interface, each with one empty bucket (there a container), `team`."""

from __future__ import annotations

import base64
import hashlib
import hmac
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from tests.serving.server import free_port

AZURE_ACCOUNT = "devstoreaccount1"
AZURE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Public: those of every Azurite."""


@contextmanager
def s3_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The variables that lead there, which are set meanwhile."""
    boto3 = pytest.importorskip("boto3")
    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        variables = {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing",
        }  # fmt: skip
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        with urlopen(Request(f"http://{host}:{port}/moto-api/reset", method="POST")):  # it keeps what was there before
            boto3.client("s3").create_bucket(Bucket="team")
        yield variables
    finally:
        server.stop()


@contextmanager
def azure_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The variables that lead there, which are set meanwhile."""
    program = shutil.which("azurite-blob")
    if program is None:
        pytest.skip("no server of Azure's interface is installed: npm install -g azurite")
    port = free_port()
    settings = ["--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--silent"]
    server = subprocess.Popen([program, "--blobPort", str(port), *settings])
    try:
        variables = {
            "AZURE_STORAGE_ENDPOINT": f"http://127.0.0.1:{port}/{AZURE_ACCOUNT}",
            "AZURE_STORAGE_ACCOUNT_NAME": AZURE_ACCOUNT, "AZURE_STORAGE_ACCOUNT_KEY": AZURE_KEY,
        }  # fmt: skip
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        _make_container(variables["AZURE_STORAGE_ENDPOINT"], "team")
        yield variables
    finally:
        server.terminate()
        server.wait()


def _make_container(endpoint: str, name: str) -> None:
    """By a request that is signed with the account's key, as soon as the server answers."""
    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-08-06", "Content-Length": "0"}
    resource = f"/{AZURE_ACCOUNT}/{AZURE_ACCOUNT}/{name}\nrestype:container"
    signed = f"PUT{12 * chr(10)}x-ms-date:{headers['x-ms-date']}\nx-ms-version:{headers['x-ms-version']}\n{resource}"
    digest = hmac.digest(base64.b64decode(AZURE_KEY), signed.encode(), hashlib.sha256)
    headers["Authorization"] = f"SharedKey {AZURE_ACCOUNT}:{base64.b64encode(digest).decode()}"
    request = Request(f"{endpoint}/{name}?restype=container", headers=headers, method="PUT")
    deadline = time.monotonic() + 60
    while True:
        try:
            with urlopen(request):
                return
        except URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError) or time.monotonic() > deadline:
                raise
        time.sleep(0.1)
