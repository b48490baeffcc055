"""Loopback servers that play the places data sets are fetched from. They can cut a connection mid-file."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

REVISION = "0123456789abcdef0123456789abcdef01234567"
REPO = "someone/mini"


class FileServer(ThreadingHTTPServer):
    """Serves `files` by path, with ranges.

    Those in `cuts` are cut after so many bytes, once; `log` has all requests."""

    daemon_threads = True

    def __init__(self, files: dict[str, bytes], handler: type[BaseHTTPRequestHandler] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), handler or _Files)
        self.files = files
        self.cuts: dict[str, int] = {}
        self.log: list[tuple[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Files(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FileServer

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    def do_GET(self) -> None:
        self.answer()

    do_HEAD = do_POST = do_GET

    def answer(self) -> None:
        self.send_file(unquote(self.path.lstrip("/")))

    def send_file(self, name: str, **headers: str) -> None:
        self.server.log.append((name, self.headers.get("Range", "")))
        if name not in self.server.files:
            self.reply(404, b"")
            return
        content = self.server.files[name]
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])
        if start >= len(content) > 0 and "Range" in self.headers:
            self.reply(416, b"")
            return
        cut = self.server.cuts.pop(name, None) if self.command == "GET" else None
        self.reply(206 if start else 200, content[start:], cut, **headers)

    def reply(self, status: int, body: bytes, cut: int | None = None, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[:cut])
        if cut is not None:
            self.wfile.flush()
            self.connection.close()


class HubServer(FileServer):
    """As much of the Hugging Face hub as `datasets.load_dataset` asks for, with one repository at one revision."""

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(files, _Hub)


class _Hub(_Files):
    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = unquote(self.path).partition("?")
        resolve, tree = f"/datasets/{REPO}/resolve/{REVISION}/", f"/api/datasets/{REPO}/tree/{REVISION}"
        if path.startswith(resolve):
            name = path.removeprefix(resolve)
            if name in self.server.files:
                tag = f'"{hashlib.sha1(self.server.files[name]).hexdigest()}"'
                self.send_file(name, ETag=tag, X_Repo_Commit=REVISION, Accept_Ranges="bytes")
            else:
                self.reply(404, b"", X_Error_Code="EntryNotFound", X_Repo_Commit=REVISION)
        elif path.startswith(tree):
            self.json(self.listing(path.removeprefix(tree).strip("/"), "recursive=true" in query))
        elif path.startswith(f"/api/datasets/{REPO}"):
            self.json({"_id": "x", "id": REPO, "sha": REVISION, "private": False, "disabled": False, "gated": False,
                       "downloads": 0, "likes": 0, "tags": [],
                       "siblings": [{"rfilename": name} for name in self.server.files]})  # fmt: skip
        else:
            self.reply(404, b"")

    def listing(self, folder: str, recursive: bool) -> list[dict[str, object]]:
        found: dict[str, dict[str, object]] = {}
        for name, content in self.server.files.items():
            if folder and not name.startswith(folder + "/"):
                continue
            rest = name[len(folder) :].lstrip("/")
            if "/" in rest and not recursive:
                child = f"{folder}/{rest.split('/')[0]}".lstrip("/")
                found[child] = {"type": "directory", "path": child, "oid": "0" * 40, "size": 0}
            else:
                oid = hashlib.sha1(content).hexdigest()
                found[name] = {"type": "file", "path": name, "oid": oid, "size": len(content)}
        return list(found.values())

    def json(self, document: object) -> None:
        self.reply(200, json.dumps(document).encode(), Content_Type="application/json")


@contextmanager
def serving(server: FileServer) -> Iterator[FileServer]:
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
