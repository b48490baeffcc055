"""The model of this folder behind HTTP, with Python's own server: POST /predict, GET /healthz, GET /model.

python app.py --port 8080
"""

from __future__ import annotations

import argparse
import json
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from classifier import Classifier  # type: ignore[import-not-found]

MAX_BODY = 2_000_000
"""Bytes of a request."""
TIMEOUT_S = 10.0
"""How long a client may take to send its request."""


class Handler(BaseHTTPRequestHandler):
    """A connection."""

    protocol_version, timeout = "HTTP/1.1", TIMEOUT_S
    classifier: Classifier

    def do_GET(self) -> None:
        """`/healthz`: whether it answers. `/model`: what it is."""
        known: dict[str, Any] = {"/healthz": {"status": "ok"}, "/model": self.classifier.card}
        self._send(*((200, known[self.path]) if self.path in known else (404, {"detail": "Not Found"})))

    def do_POST(self) -> None:
        """`/predict`: `{"text": …}` or `{"texts": […]}`."""
        length = self.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > MAX_BODY:
            self.close_connection = True  # the body is not read
            self._send(413, {"detail": f"the body's length must be told, and be {MAX_BODY:,} bytes at most"})
            return
        content = self.rfile.read(int(length))
        if self.path != "/predict":
            self._send(404, {"detail": "Not Found"})
            return
        try:
            body = json.loads(content)
        except (ValueError, RecursionError):
            self._send(400, {"detail": "the body is not JSON in UTF-8"})
            return
        self._send(*self.classifier.answer(body))

    def log_message(self, format: str, *values: Any) -> None:
        """No request is logged."""

    def _send(self, status: int, answer: Any) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def main() -> None:
    """Serve until SIGTERM or SIGINT; what is being answered is answered."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, default=8080)
    given = options.parse_args()
    Handler.classifier = Classifier()
    Handler.classifier(["warm", "up"])
    server = ThreadingHTTPServer((given.host, given.port), Handler)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"http://{given.host}:{server.server_port}/predict", flush=True)
    server.serve_forever()
    server.server_close()


if __name__ == "__main__":
    main()
