"""Names that parameters had in earlier versions: read in results and suites, an error on the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

RENAMED = {"piece_dropout": "token_masking"}
"""From the name that stored results and suites may hold to today's."""
_FORMER = re.compile(rf"\b({'|'.join(RENAMED)})\b")


def renamed(value: Any) -> Any:
    """A name or value with today's names; text may hold them too, as `tweets-tinybert4[piece_dropout=0.1]` does."""
    if isinstance(value, list):
        return [renamed(item) for item in value]
    return _FORMER.sub(lambda match: RENAMED[match[0]], value) if isinstance(value, str) else value


def renamed_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters with today's names, also within their values."""
    return {renamed(name): renamed(value) for name, value in params.items()}
