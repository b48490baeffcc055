"""`model.json` of an artifact: what serving needs beside weights and tokenizer. No framework is imported."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict, cast

from transformers_pt.encode import Encoder
from transformers_pt.long_texts import LongTexts

if TYPE_CHECKING:
    from transformers_pt.shapes import Shape


class ModelFacts(TypedDict):
    """What `model.json` holds."""

    label_names: Sequence[str]
    multi_label: NotRequired[bool]
    """Whether a text may have several of them: each then has a probability by itself."""
    pooling: str
    """`head`, or the poolings that a `PooledClassifier` joins."""
    backbone: str
    backbone_commit: NotRequired[str | None]
    pretrained: bool
    normalization: NotRequired[str]
    """This, `max_length` and `long_texts` are the encoder's: `write_facts` adds them."""
    max_length: NotRequired[int]
    long_texts: NotRequired[dict[str, str | int]]
    """The fields of `LongTexts`; where they are missing, the beginning of a text is read."""
    shapes: NotRequired[Sequence[Shape]]
    """Of each layer, where they are uneven."""
    width: NotRequired[int]
    """Of the hidden state, where it is not the configuration's."""


def write_facts(folder: Path, encoder: Encoder, facts: ModelFacts) -> None:
    """`facts`, and what texts must go through before the tokenizer."""
    stored = {
        **facts, "normalization": encoder.normalization, "max_length": encoder.max_length,
        "long_texts": asdict(encoder.long_texts),
    }  # fmt: skip
    text = json.dumps(stored, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    (folder / "model.json").write_text(text, encoding="utf-8")


def read_facts(folder: Path) -> ModelFacts:
    """What `write_facts` wrote."""
    return cast(ModelFacts, json.loads((folder / "model.json").read_text(encoding="utf-8")))


def encoder_of(tokenizer: Any, facts: ModelFacts) -> Encoder:
    """What reads the texts of an artifact with these facts."""
    long_texts = LongTexts(**facts.get("long_texts", {}))  # type: ignore[arg-type]
    return Encoder(tokenizer, facts["normalization"], facts["max_length"], long_texts)
