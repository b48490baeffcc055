"""Parameters of earlier versions: names they had then, read in results and suites, and those that came later."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

RENAMED = {"piece_dropout": "token_masking", "processes": "devices", "workers": "devices"}
"""From the name that stored results and suites may hold to today's."""
LATER: dict[str, dict[str, Any]] = {
    "finetune": {"token_masking": 0.0, "long_texts": "head", "chunk_overlap": 32, "max_chunks": 8, "nodes": 1},
    "lora": {"nodes": 1},
    "prune": {"vocabulary_size": 0},
    "tinybert": {"nodes": 1},
}
"""By recipe, parameters that its earlier results lack, with the value that does what it did before it had them."""
_FORMER = re.compile(rf"(?<![^\[,])({'|'.join(RENAMED)})(?==)")


def renamed(value: Any) -> Any:
    """A value with today's names in it: text may hold them, as `tweets-tinybert4[piece_dropout=0.1]` does."""
    if isinstance(value, list):
        return [renamed(item) for item in value]
    return _FORMER.sub(lambda match: RENAMED[match[0]], value) if isinstance(value, str) else value


def renamed_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters with today's names, also within their values."""
    return {RENAMED.get(name, name): renamed(value) for name, value in params.items()}
