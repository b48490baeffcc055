"""Many questions: several at once, each answer kept on disk as it comes, never beyond what they may cost."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from baselines.llm.endpoint import Answer, Endpoint, tokens
from baselines.llm.price import Price
from baselines.llm.prompt import Messages
from bench.api import BenchError, cache_root


@dataclass
class Asker:
    """Asks an endpoint what the cache does not know."""

    endpoint: Endpoint
    price: Price
    max_cost: float
    """USD that the calls of this process may cost."""
    concurrency: int
    spent: float = field(default=0.0, init=False)

    def answers(self, conversations: Sequence[Messages]) -> list[Answer]:
        """One each, in order; equal ones are asked once."""
        keys = [self._key(messages) for messages in conversations]
        with closing(_opened(cache_root("llm") / "answers.sqlite")) as kept:
            found = {key: answer for key in set(keys) if (answer := _kept(kept, key)) is not None}
            due = {key: messages for key, messages in zip(keys, conversations, strict=True) if key not in found}
            with ThreadPoolExecutor(self.concurrency) as pool:
                for start in range(0, len(due), self.concurrency):
                    part = dict([*due.items()][start : start + self.concurrency])
                    self._check_cost([*part.values()], len(due) - start)
                    calls = {key: pool.submit(self.endpoint.ask, messages) for key, messages in part.items()}
                    wait(calls.values())
                    for key, call in calls.items():
                        if call.exception() is None:  # kept, whatever became of the others
                            found[key] = self._keep(kept, key, call.result())
                    kept.commit()
                    for call in calls.values():
                        call.result()  # raises
        return [found[key] for key in keys]

    def _keep(self, kept: sqlite3.Connection, key: str, answer: Answer) -> Answer:
        self.spent += self.price.usd(answer)
        row = (key, answer.text, answer.tokens_in, answer.tokens_out)
        kept.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)", row)
        return answer

    def _check_cost(self, part: Sequence[Messages], left: int) -> None:
        """Before they are asked: what they might cost must still be allowed."""
        most = sum(self.price.usd(Answer("", tokens(messages), self.endpoint.max_tokens)) for messages in part)
        if self.spent + most > self.max_cost:
            raise BenchError(
                f"{left:,} texts are left, and {self.spent:.4f} USD of max_cost={self.max_cost:g} are spent; raise it: "
                "what is answered is kept, and not paid for again"
            )

    def _key(self, messages: Messages) -> str:
        asked = [self.endpoint.base_url, self.endpoint.model, self.endpoint.max_tokens, messages]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def _opened(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=60)
    connection.execute("CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, text TEXT, i INTEGER, o INTEGER)")
    return connection


def _kept(connection: sqlite3.Connection, key: str) -> Answer | None:
    row = connection.execute("SELECT text, i, o FROM answers WHERE key = ?", (key,)).fetchone()
    return None if row is None else Answer(*row)
