"""Parameters of a recipe: written as text, filled with defaults, checked, named as a variant."""

from __future__ import annotations

import re
from typing import Any

import yaml

from bench.contract import Params, Recipe
from bench.errors import BenchError, did_you_mean
from bench.metrics import Metric
from bench.renames import RENAMED

EXPONENT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)e[+-]?\d+", re.IGNORECASE)
"""Numbers that YAML 1.1 reads as text, such as 1e-3."""


def parse_recipe(text: str) -> tuple[str, Params]:
    """`'lstm[units=128,dropout=0.3]'` as (`lstm`, {units: 128, dropout: 0.3}); values are YAML scalars or lists."""
    name, bracket, rest = text.partition("[")
    if bracket and not rest.endswith("]"):
        raise BenchError(f"cannot read '{text}': write recipe[key=value,key=value]")
    return name.strip(), dict(parse_assignment(part) for part in split_assignments(rest[:-1]) if part.strip())


def parse_assignment(text: str) -> tuple[str, Any]:
    """`'units=128'` as (`units`, 128)."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise BenchError(f"cannot read the parameter '{text}': write key=value")
    try:
        return key.strip(), yaml.safe_load(value)
    except yaml.YAMLError:
        raise BenchError(f"cannot read the value of '{key.strip()}': '{value}' is no number, text or list") from None


def split_assignments(text: str) -> list[str]:
    """`key=value,key=[a,b]` at the commas that stand outside of square brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += {"[": 1, "]": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def parse_seeds(text: str) -> list[int]:
    """`'0-2'` or `'0,3,5'` as a list of seeds."""
    try:
        seeds: list[int] = []
        for part in text.split(","):
            first, dash, last = part.strip().partition("-")
            seeds += range(int(first), int(last) + 1) if dash else [int(first)]
    except ValueError:
        raise BenchError(f"cannot read the seeds '{text}': write 0-2 or 0,1,5") from None
    if not seeds or len(set(seeds)) != len(seeds):
        raise BenchError(f"seeds '{text}' are empty or repeated: write 0-2 or 0,1,5")
    return seeds


def with_defaults(recipe: Recipe, given: Params, smoke: bool = False, metric: Metric = "accuracy") -> dict[str, Any]:
    """`given` over the recipe's defaults, of a `smoke` run its quickest; an unknown key or another type is an error.

    What is trained in epochs keeps the one that is best by the data set's `metric`, where no other `monitor` is given.
    """
    params = dict(recipe.defaults)
    if "monitor" in params:
        params["monitor"] = metric
    for key, value in {**(recipe.smoke if smoke else {}), **given}.items():
        if key in RENAMED and RENAMED[key] in params:
            raise BenchError(f"parameter '{key}' of recipe '{recipe.name}' is called '{RENAMED[key]}' now")
        if key not in params:
            raise BenchError(f"recipe '{recipe.name}' has no parameter '{key}': {did_you_mean(key, params)}")
        params[key] = _typed(recipe.name, key, value, recipe.defaults[key])
        if key == "epochs" and isinstance(params[key], int) and params[key] < 1:
            raise BenchError(f"epochs={params[key]} of recipe '{recipe.name}': nothing would be learnt; give 1 or more")
        if key in recipe.choices and params[key] not in recipe.choices[key]:
            raise BenchError(f"{key}={params[key]}: {did_you_mean(str(params[key]), recipe.choices[key])}")
    return params


def _typed(recipe: str, key: str, value: Any, default: Any) -> Any:
    if isinstance(value, str) and not isinstance(default, str) and EXPONENT.fullmatch(value):
        value = float(value)
    if default is None or value is None or (isinstance(value, type(default)) and not isinstance(value, bool)):
        return value
    if isinstance(default, bool) or isinstance(value, bool):
        if isinstance(value, bool) and isinstance(default, bool):
            return value
    elif isinstance(default, float) and isinstance(value, int):
        return float(value)
    elif isinstance(default, str) and isinstance(value, int | float):
        return str(value)
    elif isinstance(default, list | tuple) and isinstance(value, list | tuple):
        return list(value)
    raise BenchError(
        f"parameter '{key}' of recipe '{recipe}' is {value!r}; it must be {type(default).__name__} like {default!r}"
    )


def variant(recipe: Recipe, params: Params) -> str:
    """What differs from the defaults, `key=value` joined by commas."""
    return ",".join(f"{k}={written(v)}" for k, v in params.items() if recipe.defaults.get(k) != v)


def written(value: Any) -> str:
    """A value as it is typed: `0.5`, `true`, `[3,6]`."""
    if isinstance(value, list | tuple):
        return "[" + ",".join(written(v) for v in value) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)
