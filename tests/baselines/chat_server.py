"""An OpenAI-compatible endpoint of the tests' own: it answers by rules, and fails as it is told."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "a-key"


def sentiment(text: str) -> str:
    """What it answers usually."""
    good, bad = (any(word in text for word in words) for words in (("good", "great", "fun"), ("bad", "awful", "sad")))
    return "Positive." if good else "negative" if bad else "The label is neutral"


class Chat(ThreadingHTTPServer):
    """`failures` are the codes of the next answers; 0: nonsense."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[list[dict[str, str]]] = []
        self.answer: Callable[[str], str] = sentiment
        self.failures: list[int] = []
        self.delay = 0.0

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Chat

    def log_message(self, *_: Any) -> None:
        """Nothing."""

    def do_POST(self) -> None:
        document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        time.sleep(self.server.delay)
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            self._say(401, b'{"error": "no such key"}')
        elif self.server.failures and (code := self.server.failures.pop(0)):
            self._say(code, b"later")
        elif self.server.failures == [] and self.path == "/v1/chat/completions":
            self.server.asked.append(document["messages"])
            said = self.server.answer(document["messages"][-1]["content"])
            choice = {"message": {"role": "assistant", "content": said}}
            usage = {"prompt_tokens": 100, "completion_tokens": 2}
            self._say(200, json.dumps({"choices": [choice], "usage": usage}).encode())
        else:
            self._say(200, b"<html>welcome")

    def _say(self, code: int, content: bytes) -> None:
        self.send_response(code)
        self.send_header("Retry-After", "0")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with contextlib.suppress(BrokenPipeError):  # who asked waits no longer
            self.wfile.write(content)


@contextmanager
def chat() -> Iterator[Chat]:
    """It answers while the block runs."""
    server = Chat()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
