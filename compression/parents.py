"""The parents that can be pruned, quantized and exported: encoders in the layout of `finetune`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.api import BenchError, read_card
from transformers_pt.encode import Encoder
from transformers_pt.facts import ModelFacts

LAYOUTS = ("finetune", "lora")


@dataclass(frozen=True)
class ParentModel:
    """A trained classifier, on the CPU in float32 and set to predict."""

    model: Any
    encoder: Encoder
    facts: ModelFacts
    """Of its `model.json`."""


def open_parent(parents: Sequence[Path], recipe: str) -> ParentModel:
    """The one parent of a recipe; a `BenchError` for a layout that is not PyTorch's."""
    (folder,) = parents
    card = read_card(folder)
    if card["layout"] not in LAYOUTS:
        raise BenchError(
            f"{recipe} takes encoders in PyTorch (artifacts of finetune, lora and prune, students in their layout); "
            f"the parent, of '{card['recipe']}', has the layout '{card['layout']}'"
        )
    from transformers_pt.artifact import load_parts

    return ParentModel(*load_parts(folder))
