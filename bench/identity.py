"""What identifies a model and a run of it: the one place that decides which runs are of the same thing.

A leaderboard line is the runs of one `ModelIdentity` (and the same parents) on one data set; a cell of it, a seed more,
is a `RunIdentity`. The keys of `run/keys.py` go further: they also hold what it was made with.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.contract import Params
from bench.schema import Result, TrainedOn

ELSEWHERE = "elsewhere"
"""The track of predictions that were made outside of this project: such a run has no artifact."""


@dataclass(frozen=True)
class ModelIdentity:
    """What is trained, apart from data and seed."""

    recipe: str
    params: str
    """All of them, as `canonical` writes them."""
    trained_on: TrainedOn

    @classmethod
    def of(cls, recipe: str, params: Params, trained_on: TrainedOn) -> ModelIdentity:
        """Of a recipe with all of its parameters."""
        return cls(recipe, canonical(dict(params)), trained_on)


@dataclass(frozen=True)
class RunIdentity:
    """One run of a model: what sets it apart from every other."""

    model: ModelIdentity
    dataset: str
    limit: int | None
    seed: int
    parents: tuple[RunIdentity | str, ...] = ()
    """The runs that it compresses, or the ids of stored ones; none where the same run is looked for in the store,
    whose parents may have been made again."""

    @classmethod
    def of_result(cls, result: Result) -> RunIdentity:
        """Of a stored run, without its parents."""
        identity, data = result.identity, result.data
        model = ModelIdentity.of(identity.recipe, identity.params, data.trained_on)
        return cls(model, data.dataset, data.limit, identity.seed)


def trained_rows(trained_on: TrainedOn) -> str:
    """What a model was trained on in a word, where that is not all of train: `refit`, `8 a label`; else empty."""
    return {"train": "", "train+validation": "refit"}.get(trained_on, trained_on)


def canonical(value: Any) -> str:
    """One way of writing parameters: keys in order, 1.0 as 1, tuples as lists."""
    return _encode(_whole(value))


def _whole(value: Any) -> Any:
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        return {key: _whole(inner) for key, inner in value.items()}
    return [_whole(inner) for inner in value] if isinstance(value, list | tuple) else value


_encode = json.JSONEncoder(sort_keys=True, default=str).encode


def slug(name: str) -> str:
    """A data set's name as part of a run's: lower case letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", Path(name).name.lower()).strip("-") or "data"
