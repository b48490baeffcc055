"""Names that parameters had in earlier versions: read in results and suites, an error on the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

RENAMED = {"piece_dropout": "token_masking", "processes": "devices", "workers": "devices"}
"""From the name that stored results and suites may hold to today's."""
_FORMER = re.compile(rf"(?<![^\[,])({'|'.join(RENAMED)})(?==)")


def renamed(value: Any) -> Any:
    """A value with today's names in it: text may hold them, as `tweets-tinybert4[piece_dropout=0.1]` does."""
    if isinstance(value, list):
        return [renamed(item) for item in value]
    return _FORMER.sub(lambda match: RENAMED[match[0]], value) if isinstance(value, str) else value


def renamed_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters with today's names, also within their values."""
    return {RENAMED.get(name, name): renamed(value) for name, value in params.items()}
