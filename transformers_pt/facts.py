"""`model.json` of an artifact: what serving needs beside weights and tokenizer. No framework is imported."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NotRequired, TypedDict, cast

from transformers_pt.encode import Encoder

if TYPE_CHECKING:
    from transformers_pt.shapes import Shape


class ModelFacts(TypedDict):
    """What `model.json` holds."""

    label_names: Sequence[str]
    pooling: str
    """`head`, or the poolings that a `PooledClassifier` joins."""
    backbone: str
    backbone_commit: NotRequired[str | None]
    pretrained: bool
    normalization: NotRequired[str]
    """This and `max_length` are the encoder's: `write_facts` adds them."""
    max_length: NotRequired[int]
    shapes: NotRequired[Sequence[Shape]]
    """Of each layer, where they are uneven."""
    width: NotRequired[int]
    """Of the hidden state, where it is not the configuration's."""


def write_facts(folder: Path, encoder: Encoder, facts: ModelFacts) -> None:
    """`facts`, and what texts must go through before the tokenizer."""
    stored = {**facts, "normalization": encoder.normalization, "max_length": encoder.max_length}
    text = json.dumps(stored, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    (folder / "model.json").write_text(text, encoding="utf-8")


def read_facts(folder: Path) -> ModelFacts:
    """What `write_facts` wrote."""
    return cast(ModelFacts, json.loads((folder / "model.json").read_text(encoding="utf-8")))
