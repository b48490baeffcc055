"""`model.json` of an artifact: what serving needs beside weights and tokenizer. No framework is imported."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transformers_pt.encode import Encoder


def write_facts(folder: Path, encoder: Encoder, facts: Mapping[str, Any]) -> None:
    """`facts`, and what texts must go through before the tokenizer."""
    told = dict(facts) | {"normalization": encoder.normalization, "max_length": encoder.max_length}
    text = json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    (folder / "model.json").write_text(text, encoding="utf-8")


def read_facts(folder: Path) -> dict[str, Any]:
    """What `write_facts` wrote."""
    facts: dict[str, Any] = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    return facts
