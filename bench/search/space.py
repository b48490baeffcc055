"""What a search may try: the recipe's declared space, less what is fixed, as Optuna is asked for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from bench.contract import Choice, LogUniform, Recipe, Uniform
from bench.errors import BenchError, did_you_mean
from bench.registry import load_recipe, recipe_files

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

Space = dict[str, Choice | Uniform | LogUniform]


def searched_space(recipe: Recipe, fixed: Iterable[str], only: Iterable[str] | None = None) -> Space:
    """The recipe's space without the parameters that are fixed, or the parameters of `only` alone.

    Raises BenchError for an unknown name, and where nothing is left to search.
    """
    left = {name: values for name, values in recipe.space.items() if name not in set(fixed)}
    if not recipe.space:
        with_space = [name for name in recipe_files() if _has_space(name)]
        raise BenchError(
            f"recipe '{recipe.name}' declares no space to search; these do: {', '.join(with_space) or 'none'}"
        )
    for name in only or ():
        if name not in recipe.space:
            raise BenchError(f"--only {name}: not in the space of '{recipe.name}': {did_you_mean(name, recipe.space)}")
        if name not in left:
            raise BenchError(f"--only {name}: it is fixed; leave it out of the recipe's brackets or of --only")
    if only is not None:
        left = {name: left[name] for name in only}
    if not left:
        raise BenchError(f"nothing is left to search of '{recipe.name}': {', '.join(recipe.space)} are all fixed")
    return left


def _has_space(name: str) -> bool:
    try:
        return bool(load_recipe(name).space)
    except BenchError:  # a broken recipe file is an error of its own, when it is asked for
        return False


def distributions(space: Mapping[str, Choice | Uniform | LogUniform]) -> dict[str, BaseDistribution]:
    """The space as Optuna names it, parameter by parameter."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    found: dict[str, BaseDistribution] = {}
    for name, values in space.items():
        if isinstance(values, Choice):
            found[name] = CategoricalDistribution(values.options)
        else:
            found[name] = FloatDistribution(values.low, values.high, log=isinstance(values, LogUniform))
    return found


def plain_space(space: Mapping[str, Choice | Uniform | LogUniform]) -> dict[str, dict[str, Any]]:
    """The space as JSON: `{"units": {"choice": [64, 128]}, "dropout": {"uniform": [0.1, 0.6]}}`."""
    found: dict[str, dict[str, Any]] = {}
    for name, values in space.items():
        if isinstance(values, Choice):
            found[name] = {"choice": list(values.options)}
        else:
            kind = "log_uniform" if isinstance(values, LogUniform) else "uniform"
            found[name] = {kind: [values.low, values.high]}
    return found


def tidy(params: Mapping[str, Any]) -> dict[str, Any]:
    """Suggested parameters as they are trained: floats to four significant digits, which a person can read and type."""
    return {name: float(f"{value:.4g}") if isinstance(value, float) else value for name, value in params.items()}


def inside(space: Mapping[str, Choice | Uniform | LogUniform], params: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `params` that the space holds."""
    found = {}
    for name, values in space.items():
        value = params[name]
        if isinstance(values, Choice):
            held = value in values.options
        else:
            held = isinstance(value, int | float) and values.low <= value <= values.high
        if held:
            found[name] = value
    return found
