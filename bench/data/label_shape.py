"""What takes one label a text alone says so before anything runs, and names what takes several."""

from __future__ import annotations

from collections.abc import Iterable

from bench.data.manifest import is_multi_label
from bench.errors import BenchError
from bench.registry import load_recipe, recipe_files


def need_one_label(what: str, dataset: str, notes: Iterable[str]) -> None:
    """A `BenchError` where the texts of a data set with these notes may have several labels; `what` is a command."""
    if is_multi_label(notes):
        raise BenchError(
            f"{what} reads one label a text, and a text of {dataset} may have several; "
            "run, search, auto, compress, compare, slices, recommend, report, verify and serving take such data"
        )


def check_recipes(recipes: Iterable[str], dataset: str, notes: Iterable[str]) -> None:
    """A `BenchError` where one of these recipes cannot learn texts of several labels, and the data set has such."""
    if not is_multi_label(notes):
        return
    unfit = sorted({name for name in recipes if not load_recipe(name).multi_label})
    if unfit:
        fit = ", ".join(name for name in recipe_files() if _learns_several(name))
        raise BenchError(
            f"{', '.join(unfit)}: one label a text, and a text of {dataset} may have several; recipes that learn "
            f"several: {fit or 'none'}"
        )


def _learns_several(name: str) -> bool:
    try:
        return load_recipe(name).multi_label
    except BenchError:  # a recipe of the user's that cannot be imported is told when it is asked for
        return False
