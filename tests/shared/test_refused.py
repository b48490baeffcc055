"""Stores that refuse: wrong, without permission, full, or seen by a clock that is off. Each is one line."""

from __future__ import annotations

import multiprocessing
import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.process import BaseProcess
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from bench.durable import write_atomic
from bench.errors import BenchError, StoreInUseError
from bench.stores import open_store
from tests.conftest import Bench
from tests.object_storage import AZURE_KEY
from tests.shared.conftest import Shared

RUN = ("run", "-r", "bayes", "-d", "toy", "--smoke", "--measure", "none")
ONLY_S3 = pytest.mark.parametrize("shared", ["s3"], indirect=True)
ONLY_AZURE = pytest.mark.parametrize("shared", ["az"], indirect=True)
ONLY_POSTGRES = pytest.mark.parametrize("shared", ["postgresql"], indirect=True)


def _refused(bench: Bench, shared: Shared, where: str, *command: str, **variables: str) -> str:
    done = bench(*command, "--store", where, **{**shared.variables, **variables})
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.count("\n") == 1 and "Traceback" not in done.stdout
    return done.stderr


@ONLY_S3
def test_a_bucket_that_is_not_there(bench: Bench, shared: Shared) -> None:
    for command in (("list", "runs"), RUN):
        told = _refused(bench, shared, "s3://nobody/store", *command)
        assert "s3://nobody/store: the server answers 404 Not Found, NoSuchBucket: The specified bucket" in told


@ONLY_AZURE
def test_a_container_that_is_not_there(bench: Bench, shared: Shared) -> None:
    told = _refused(bench, shared, "az://nobody/store", *RUN)
    assert "az://nobody/store: the server answers 404 Not Found, ContainerNotFound" in told


@ONLY_AZURE
def test_a_container_that_one_may_not_use(bench: Bench, shared: Shared) -> None:
    told = _refused(bench, shared, shared.where, *RUN, AZURE_STORAGE_ACCOUNT_KEY="A" + AZURE_KEY[1:])
    assert "the server answers 403 Forbidden, AuthorizationFailure" in told and "credentials" in told


@ONLY_POSTGRES
def test_a_database_that_is_not_there(bench: Bench, shared: Shared) -> None:
    where = re.sub(r"test_\w+", "nothing", shared.where)
    assert 'database "nothing" does not exist' in _refused(bench, shared, where, "list", "runs")


@ONLY_S3
def test_a_bucket_that_one_may_not_use(bench: Bench, shared: Shared) -> None:
    def forbid(calls: bytes) -> None:
        address = shared.variables["AWS_ENDPOINT_URL"] + "/moto-api/reset-auth"
        with urlopen(Request(address, calls, {"Content-Type": "text/plain"}, method="POST")):
            pass

    forbid(b"0")
    try:
        for command in (("list", "runs"), RUN):
            told = _refused(bench, shared, shared.where, *command)
            assert "the server answers 403 Forbidden, InvalidAccessKeyId" in told and "credentials" in told
    finally:
        forbid(b"inf")


@ONLY_POSTGRES
def test_a_database_that_one_may_not_use(bench: Bench, shared: Shared) -> None:
    import psycopg

    database = shared.where.partition("?")[0]
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {(guest := f'guest_{time.time_ns()}')} LOGIN".encode())
        where = shared.where.replace("sentibench@", f"{guest}@")
        assert "permission denied for schema public" in _refused(bench, shared, where, "list", "runs")
        assert shared.open().run_ids() == [], "the tables are there now"
        assert "permission denied for table sentibench_results" in _refused(bench, shared, where, "list", "runs")
        connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {guest}".encode())
        read = bench("list", "runs", "--store", where)
        assert read.returncode == 0, "who may read, reads"
        assert "permission denied for table sentibench_leases" in _refused(bench, shared, where, *RUN)


class _Full(BaseHTTPRequestHandler):
    """Holds nothing, and has no room."""

    def _answer(self, status: int, body: bytes) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        found = self.path.startswith("/team?")
        self._answer(200 if found else 404, b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")

    def do_PUT(self) -> None:
        self._answer(507, b"<Error><Code>QuotaExceeded</Code><Message>No room is left</Message></Error>")

    def log_message(self, *unused: object) -> None:
        """Nothing."""


@contextmanager
def _full_server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Full) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@ONLY_S3
def test_a_bucket_that_is_full(bench: Bench, shared: Shared) -> None:
    with _full_server() as address:
        told = _refused(bench, shared, shared.where, *RUN, AWS_ENDPOINT_URL=address)
    assert "the server answers 507 Insufficient Storage, QuotaExceeded: No room is left" in told


@ONLY_POSTGRES
def test_a_database_that_is_full(bench: Bench, shared: Shared) -> None:
    """As the server tells it: the error of a disk that is full, raised where results are written."""
    import psycopg

    assert shared.open().run_ids() == []
    with psycopg.connect(shared.where.partition("?")[0]) as connection:
        connection.execute(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$"
        )
        connection.execute("CREATE TRIGGER full_disk BEFORE INSERT ON sentibench_results EXECUTE FUNCTION full_disk()")
    told = _refused(bench, shared, shared.where, *RUN)
    assert "DiskFull: could not extend file: No space left on device" in told
    with psycopg.connect(shared.where.partition("?")[0]) as connection:
        connection.execute("DROP TRIGGER full_disk ON sentibench_results")
    assert bench(*RUN, "--store", shared.where).returncode == 0, "once there is room, the same command goes on"


def _try(where: str, folder: Path, days: int) -> None:
    """Claim a run on a machine whose clock is off; say whether it was free, and hold it until it is allowed to go."""
    now = time.time
    time.time = lambda: now() + days * 86_400
    os.environ["SENTIBENCH_CACHE"] = str(folder / "off")
    store = open_store(where)
    store.sweep()
    try:
        with store.claim("run"):
            write_atomic(folder / "told", b"free")  # whole as soon as it is there
            while not (folder / "go").exists():
                time.sleep(0.05)
    except StoreInUseError:
        write_atomic(folder / "told", b"in use")


@pytest.mark.parametrize("days", [-3, 3])
def test_a_clock_that_is_off_takes_no_claim_and_loses_none(shared: Shared, days: int, tmp_path: Path) -> None:
    """Leases go by the clock of the server."""
    store, told = shared.open(), tmp_path / "told"

    def trying() -> BaseProcess:
        told.unlink(missing_ok=True)
        process = multiprocessing.get_context("spawn").Process(
            target=_try, args=(shared.where, tmp_path, days), daemon=True
        )
        process.start()
        while process.is_alive() and not told.exists():
            time.sleep(0.05)
        return process

    with store.claim("run"):
        trying().join()
        store.confirm("run")
    assert told.read_text() == "in use"
    off = trying()
    assert told.read_text() == "free"
    with pytest.raises(StoreInUseError), store.claim("run"):
        pass
    (tmp_path / "go").touch()
    off.join()
    assert off.exitcode == 0
    with store.claim("run"):
        pass


@ONLY_S3
def test_a_server_that_goes_away_is_one_line(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(BenchError, match="s3://team/store: cannot be reached: ") as refused:
        shared.open().run_ids()
    assert str(refused.value).isprintable() and len(str(refused.value)) < 300


def test_a_folder_that_one_may_not_write(bench: Bench, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        (tmp_path / "file").write_text("")
        where = tmp_path / "file" / "store"
    else:
        where = tmp_path / "closed"
        where.mkdir(mode=0o500)
    done = bench(*RUN, "--store", str(where))
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
