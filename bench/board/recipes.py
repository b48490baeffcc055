"""What this machine knows of the recipes in a store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.contract import Recipe
from bench.errors import BenchError
from bench.registry import load_recipe


def recipe_of(name: str) -> Recipe | None:
    """The recipe; None for one that a store knows and this machine does not."""
    try:
        return load_recipe(name)
    except BenchError:
        return None


def completed(name: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters with today's defaults for those that they lack, where the recipe is known."""
    recipe = recipe_of(name)
    return {**(recipe.defaults if recipe else {}), **params}
