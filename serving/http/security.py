"""Security headers of every answer, and the policy of a page."""

from __future__ import annotations

import base64
import hashlib
import re

POLICY = b"content-security-policy"
NOTHING = b"default-src 'none'; frame-ancestors 'none'"
"""The policy of an answer that is no page."""
HEADERS = [(b"x-content-type-options", b"nosniff"), (POLICY, NOTHING)]
INLINE = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)


def with_security(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers of an answer, with those of security; a page brings its own policy."""
    present = {name for name, _ in headers}
    return [*headers, *((name, value) for name, value in HEADERS if name not in present)]


def policy_of(html: str) -> str:
    """The code that stands in the page and this server's own files, nothing else; no frame around it."""
    allowed: dict[str, list[str]] = {"script": ["'self'"], "style": ["'self'"]}
    for kind, code in INLINE.findall(html):
        digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
        allowed[kind].append(f"'sha256-{digest}'")
    sources = "; ".join(f"{kind}-src {' '.join(names)}" for kind, names in allowed.items())
    return (
        f"default-src 'none'; {sources}; img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )
