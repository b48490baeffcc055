"""What a line of a stream is: a post, a notice that one must go, a message of the sender, or nothing readable."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from serving.records import checked
from serving.scored import Row

POST_NOTICES = {"delete": "deleted", "drop": "deleted", "withheld": "withheld", "status_withheld": "withheld"}
"""By X's name, what becomes of the post. https://docs.x.com/x-api/compliance/streams/introduction"""
AUTHOR_NOTICES = {
    "user_delete": "deleted", "user_protect": "deleted", "user_suspend": "deleted", "user_withheld": "withheld",
}  # fmt: skip
"""The same of all posts of an author."""
NOTHING_TO_DO = (
    "undrop", "tweet_edit", "scrub_geo", "user_undelete", "user_unprotect", "user_unsuspend",
    "user_profile_modification",
)  # fmt: skip
"""Notices that are only logged: neither places nor profiles are stored, and what was removed does not come back."""


@dataclass(frozen=True, slots=True)
class Post:
    """A text with where it is from; `rules` are the tags of the rules that it matched."""

    text: str
    id: str | None = None
    created_at: str | None = None
    author_id: str | None = None
    rules: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A post, or all posts of an author, must no longer be shown: `event` is `deleted` or `withheld`."""

    event: str
    id: str | None = None
    author_id: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """Of the sender, about the stream itself."""

    text: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """A line that is none of these."""

    problem: str


def parse(data: bytes, column: str = "text") -> Post | Notice | Message | Malformed:
    """A line of X's API (v2, `{"data": …}`) or of a recording (`{"id": …, "text": …}`); `column` holds the text."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return Malformed("not JSON")
    if not isinstance(value, dict):
        return Malformed(f"a {type(value).__name__} where an object is needed")
    inner = value.get("data")
    body = inner if isinstance(inner, dict) else value
    texts = _texts(body, column) + _retweeted(body, value)
    if not texts and column not in body:
        return _notice(body) or _sender_error(value) or Malformed("no text")
    record = checked({}, max(texts, key=len) if texts else body[column])
    if record.text is None:
        return Malformed(record.problem or "no text")
    return Post(
        record.text, _name(body.get("id_str", body.get("id"))), _name(body.get("created_at")),
        _name(body.get("author_id")), _tags(value.get("matching_rules")),
    )  # fmt: skip


def _texts(body: Mapping[str, Any], column: str) -> list[str]:
    """The texts of a post: X cuts `text` where the whole one stands elsewhere."""
    places = (body.get(column), body.get("full_text"), _inner(body, "extended_tweet").get("full_text"))
    return [text for text in (*places, _inner(body, "note_tweet").get("text")) if isinstance(text, str)]


def _retweeted(body: Mapping[str, Any], value: Mapping[str, Any]) -> list[str]:
    """The texts of the post that this one repeats: within it, or in v2 among what comes along."""
    found = _texts(_inner(body, "retweeted_status"), "text")
    ids = [post.get("id") for post in _objects(body, "referenced_tweets") if post.get("type") == "retweeted"]
    for post in _objects(_inner(value, "includes"), "tweets"):
        found += _texts(post, "text") if post.get("id") in ids else []
    return found


def _objects(body: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = body.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _inner(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def _name(value: Any) -> str | None:
    if isinstance(value, float) and value.is_integer():  # what pandas makes of whole numbers beside a gap
        value = int(value)
    return str(value) if isinstance(value, str | int) else None


def _tags(rules: Any) -> str | None:
    if not isinstance(rules, list):
        return None
    tags = [_name(rule.get("tag") or rule.get("id")) for rule in rules if isinstance(rule, dict)]
    return ", ".join(tag for tag in tags if tag) or None


def _notice(body: Mapping[str, Any]) -> Notice | Message | None:
    for name, notice in body.items():
        if name in NOTHING_TO_DO:
            return Message(name)
        if not isinstance(notice, dict) or name not in POST_NOTICES | AUTHOR_NOTICES:
            continue
        target = next((notice[key] for key in ("tweet", "status", "user") if isinstance(notice.get(key), dict)), notice)
        id_ = _name(target.get("id_str", target.get("id")))
        if id_ is None:
            return None
        return Notice(POST_NOTICES[name], id=id_) if name in POST_NOTICES else Notice(AUTHOR_NOTICES[name], None, id_)
    return None


def _sender_error(value: Mapping[str, Any]) -> Message | None:
    """X's own errors inside of a stream, as before it disconnects."""
    errors = value.get("errors")
    if not isinstance(errors, list) or not errors or not isinstance(errors[0], dict):
        return None
    return Message(str(errors[0].get("detail") or errors[0].get("title") or "an error without details"))


def keys_of(row: Row) -> list[str]:
    """What must not be written twice once a row is: a post's id, a notice, and the id of the post that it removes."""
    if row["id"] is None:
        return []
    return [row["id"]] if row["event"] == "post" else [row["id"], f"{row['event']} {row['id']}"]
