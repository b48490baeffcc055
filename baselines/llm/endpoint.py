"""An OpenAI-compatible endpoint: one question, its answer, and what is done when it limits, fails or babbles."""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from baselines.llm.prompt import Messages
from bench.api import BenchError

AGAIN = (408, 409, 429, 500, 502, 503, 504, 529)
FIRST_WAIT, LONGEST_WAIT = 0.5, 60.0
PREFIX = "SENTIBENCH_"
"""Variables of this name reach the processes that train and predict."""


@dataclass(frozen=True)
class Answer:
    """What came back, and the tokens that were paid for."""

    text: str
    tokens_in: int
    tokens_out: int


@dataclass(frozen=True)
class Endpoint:
    """Where a model answers, and how patient we are."""

    base_url: str
    model: str
    key_variable: str
    timeout: float
    """Seconds that one call may take."""
    retries: int
    """Further calls after one that failed."""
    max_tokens: int

    def check(self) -> None:
        """A `BenchError` for an address that is none, and for a key that a process would not see."""
        parts = urlsplit(self.base_url)
        if not self.base_url or not self.model:
            raise BenchError("llm asks nobody unasked: give base_url (http://localhost:8000/v1) and model")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BenchError(f"base_url={self.base_url}: give an address such as http://localhost:8000/v1")
        if parts.username or parts.password or parts.query:
            raise BenchError(f"base_url: no key belongs in it; put it into the variable {PREFIX}LLM_KEY")
        if self.key_variable and not self.key_variable.startswith(PREFIX):
            raise BenchError(f"key_variable={self.key_variable}: give a name that begins with {PREFIX}")

    def ask(self, messages: Messages) -> Answer:
        """Its answer, after as many calls as it takes. Raises `BenchError` when it will not answer."""
        wait = FIRST_WAIT
        for left in range(self.retries, -1, -1):
            try:
                return self._call(messages)
            except urllib.error.HTTPError as error:
                problem, asked_for = f"status {error.code}: {_body(error)}", error.headers.get("Retry-After")
                if error.code not in AGAIN:
                    raise BenchError(f"{self.base_url} refuses the question ({problem})") from None
            except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
                problem, asked_for = str(getattr(error, "reason", error)) or type(error).__name__, None
            if left:
                time.sleep(min(_seconds(asked_for, wait), LONGEST_WAIT))
                wait *= 2
        raise BenchError(f"{self.base_url} does not answer, asked {self.retries + 1} times ({problem})")

    def _call(self, messages: Messages) -> Answer:
        asked = {"model": self.model, "messages": messages, "temperature": 0, "max_tokens": self.max_tokens}
        headers = {"Content-Type": "application/json"}
        if key := os.environ.get(self.key_variable):
            headers["Authorization"] = f"Bearer {key}"
        address = f"{self.base_url.rstrip('/')}/chat/completions"
        request = urllib.request.Request(address, json.dumps(asked).encode(), headers)
        with urllib.request.urlopen(request, timeout=self.timeout) as response:
            return _parsed(response.read(), messages, self.base_url)


def tokens(messages: Messages) -> int:
    """About how many a conversation has, rather too many."""
    return sum(len(message["content"]) // 3 + 8 for message in messages)


def _parsed(content: bytes, messages: Messages, where: str) -> Answer:
    try:
        document: Any = json.loads(content)
        text = document["choices"][0]["message"]["content"] or ""
        used = document.get("usage") or {}
        counts = used.get("prompt_tokens", tokens(messages)), used.get("completion_tokens", len(text) // 3 + 1)
        return Answer(str(text), *map(int, counts))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        shown = " ".join(content[:80].decode("utf-8", "replace").split())
        raise BenchError(f"{where} is no OpenAI-compatible endpoint; it says: {shown!r}") from None


def _body(error: urllib.error.HTTPError) -> str:
    return " ".join(error.read(200).decode("utf-8", "replace").split())


def _seconds(asked_for: str | None, usual: float) -> float:
    try:
        return max(float(asked_for or usual), 0.0)
    except ValueError:  # a date
        return usual
