"""The rules of a filtered stream: added at the start, and what was added removed at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import requests
import tweepy

from bench.api import BenchError

TAG = "sentibench"
"""Marks the rules that this software has added, so that those of a killed call are known again."""
Answer = TypeVar("Answer")


class Rules:
    """What one call of the command asks X for."""

    def __init__(self, client: tweepy.StreamingClient, queries: Sequence[str]) -> None:
        self._client, self._queries = client, queries
        self._ours: list[str] = []

    def add(self) -> int:
        """Put the queries in place; how many rules of others are there too. A wrong one is a `BenchError`."""
        there = asked(self._client.get_rules).data or []
        self._ours = [rule.id for rule in there if rule.value in self._queries and (rule.tag or "").startswith(TAG)]
        known = {rule.value for rule in there}
        wanted = [tweepy.StreamRule(query, _tag(query)) for query in self._queries if query not in known]
        if not wanted and not there:
            raise BenchError("X has no rule to filter by: give one with --query")
        if wanted:
            answer = asked(lambda: self._client.add_rules(wanted))
            self._ours += [rule.id for rule in answer.data or []]
            wrong = [error for error in answer.errors if error.get("title") != "DuplicateRule"]
            if wrong:
                self.remove()
                raise BenchError(f"X refuses the rule '{wrong[0].get('value', '')}': {_words(wrong[0])}")
        return sum(rule.value not in self._queries for rule in there)

    def remove(self) -> None:
        """Take away what was added; raises `BenchError` where X does not let it."""
        ours, self._ours = self._ours, []
        if ours:
            asked(lambda: self._client.delete_rules(ours))


def asked(call: Callable[[], Answer]) -> Answer:
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
    """One line of an HTTP error, in X's words."""
    status = error.response.status_code
    told = [_words(one) for one in error.api_errors] or error.api_messages or [str(error)]
    words = " ".join("; ".join(told).split())[:300]
    if status in (401, 403):
        return f"X refuses the token ({status}): {words}; see X_BEARER_TOKEN"
    return f"X answers {status}: {words}"


def _tag(query: str) -> str:
    return f"{TAG}: {query}"[:120]


def _words(error: Any) -> str:
    """What an error of X says."""
    if not isinstance(error, Mapping):
        return str(error)
    details = error.get("details") or [error.get("detail") or error.get("message") or error.get("title") or error]
    return "; ".join(str(detail) for detail in details)
