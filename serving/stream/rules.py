"""The rules of a filtered stream: added at the start, and what was added removed at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import requests
import tweepy

from bench.api import BenchError

TAG, TAG_LENGTH = "sentibench", 120
"""Marks the rules that this software has added, so that those of a killed call are recognized."""
Answer = TypeVar("Answer")


class Rules:
    """The filter rules of one call of the command."""

    def __init__(self, client: tweepy.StreamingClient, queries: Sequence[str]) -> None:
        self._client, self._queries = client, queries
        self._ours: list[str] = []

    def add(self) -> int:
        """Put the queries in place; how many rules of others are there too. A wrong one is a `BenchError`."""
        existing = request(self._client.get_rules).data or []
        self._ours = [rule.id for rule in existing if rule.value in self._queries and (rule.tag or "").startswith(TAG)]
        values = {rule.value for rule in existing}
        new = [
            tweepy.StreamRule(query, f"{TAG}: {query}"[:TAG_LENGTH]) for query in self._queries if query not in values
        ]
        if not new and not existing:
            raise BenchError("X has no rule to filter by: give one with --query")
        if new:
            answer = request(lambda: self._client.add_rules(new))
            self._ours += [rule.id for rule in answer.data or []]
            wrong = [error for error in answer.errors if error.get("title") != "DuplicateRule"]
            if wrong:
                self.remove()
                raise BenchError(f"X refuses the rule '{wrong[0].get('value', '')}': {_details(wrong[0])}")
        return sum(rule.value not in self._queries for rule in existing)

    def remove(self) -> None:
        """Take away what was added; raises `BenchError` where X does not let it."""
        ours, self._ours = self._ours, []
        if ours:
            request(lambda: self._client.delete_rules(ours))


def request(call: Callable[[], Answer]) -> Answer:
    """The answer of X, whose errors become one line."""
    try:
        return call()
    except tweepy.TooManyRequests as error:
        until = time.strftime(" until %H:%M:%S", time.localtime(error.reset_time)) if error.reset_time else ""
        raise BenchError(f"X answers no more requests{until}: try again then") from None
    except tweepy.HTTPException as error:
        raise BenchError(refusal(error)) from None
    except (requests.RequestException, tweepy.TweepyException) as error:
        raise BenchError(f"X cannot be reached: {type(error).__name__}; see --api-url") from None


def refusal(error: tweepy.HTTPException) -> str:
    """One line of an HTTP error, with the details that X gives."""
    status = error.response.status_code
    parts = [_details(part) for part in error.api_errors] or error.api_messages or [str(error)]
    details = " ".join("; ".join(parts).split())[:300]
    if status in (401, 403):
        return f"X refuses the token ({status}): {details}; see X_BEARER_TOKEN"
    return f"X answers {status}: {details}"


def _details(error: Any) -> str:
    """Of one error of X."""
    if not isinstance(error, Mapping):
        return str(error)
    details = error.get("details") or [error.get("detail") or error.get("message") or error.get("title") or error]
    return "; ".join(str(detail) for detail in details)
