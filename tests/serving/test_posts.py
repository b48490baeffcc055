"""The longest text that a post carries is the one that counts, in every form that X has recorded posts in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from serving.stream.posts import Post, parse

WHOLE = "@airline thank you so much for the help, until the very end when they lost my bags. Worst airline ever."
CUT = WHOLE[:60] + "…"
LONG = WHOLE + " " + WHOLE
POSTS: dict[str, tuple[dict[str, Any], str]] = {
    "extended": ({"id_str": "1", "text": CUT, "truncated": True, "extended_tweet": {"full_text": WHOLE}}, WHOLE),
    "full text alone": ({"id_str": "1", "full_text": WHOLE}, WHOLE),
    "retweeted, extended": (
        {"id_str": "1", "text": f"RT @x: {CUT}", "retweeted_status": {"extended_tweet": {"full_text": WHOLE}}}, WHOLE,
    ),
    "note": ({"data": {"id": "1", "text": CUT, "note_tweet": {"text": LONG}}}, LONG),
    "retweeted, along": (
        {
            "data": {"id": "1", "text": f"RT @x: {CUT}", "referenced_tweets": [{"type": "retweeted", "id": "6"}]},
            "includes": {"tweets": [{"id": "5", "text": LONG}, {"id": "6", "text": WHOLE}]},
        },
        WHOLE,
    ),
    "quoted is another post": (
        {"data": {"id": "1", "text": "so true", "referenced_tweets": [{"type": "quoted", "id": "6"}]},
         "includes": {"tweets": [{"id": "6", "text": WHOLE}]}},
        "so true",
    ),
    "a number that pandas has written": ({"id": 1.0, "text": "great flight"}, "great flight"),
}  # fmt: skip


@pytest.mark.parametrize("case", POSTS)
def test_the_longest_text_counts(case: str) -> None:
    recorded, text = POSTS[case]
    post = parse(json.dumps(recorded).encode())
    assert isinstance(post, Post) and (post.text, post.id) == (text, "1")
