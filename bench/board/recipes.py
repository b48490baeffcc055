"""The recipes of a store, as far as this machine has them."""

from __future__ import annotations

from bench.contract import Params, Recipe
from bench.errors import BenchError
from bench.registry import load_recipe


def recipe_of(name: str) -> Recipe | None:
    """The recipe; None for one that this machine does not have."""
    try:
        return load_recipe(name)
    except BenchError:
        return None


def completed(name: str, params: Params) -> Params:
    """Parameters with today's defaults for those that they lack, where this machine has the recipe."""
    recipe = recipe_of(name)
    return {**(recipe.defaults if recipe else {}), **params}
