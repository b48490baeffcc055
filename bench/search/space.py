"""What a search may try: the recipe's declared space, less what is fixed, as Optuna takes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from bench.contract import Choice, LogUniform, Params, Recipe, Uniform
from bench.errors import BenchError, did_you_mean
from bench.registry import load_recipe, recipe_files

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

Space = dict[str, Choice | Uniform | LogUniform]
PlainSpace = dict[str, dict[str, list[Any]]]
"""A space as JSON: by parameter its kind with its options or bounds."""


def searched_space(recipe: Recipe, fixed: Iterable[str], only: Iterable[str] | None = None) -> Space:
    """The recipe's space without the parameters that are fixed, or the parameters of `only` alone.

    Raises BenchError for an unknown name, and where nothing remains to be searched.
    """
    searched = {name: values for name, values in recipe.space.items() if name not in set(fixed)}
    if not recipe.space:
        with_space = [name for name in recipe_files() if _has_space(name)]
        raise BenchError(
            f"recipe '{recipe.name}' declares no space to search; these do: {', '.join(with_space) or 'none'}"
        )
    for name in only or ():
        if name not in recipe.space:
            raise BenchError(f"--only {name}: not in the space of '{recipe.name}': {did_you_mean(name, recipe.space)}")
        if name not in searched:
            raise BenchError(f"--only {name}: it is fixed; leave it out of the recipe's brackets or of --only")
    if only is not None:
        searched = {name: searched[name] for name in only}
    if not searched:
        raise BenchError(f"nothing is left to search of '{recipe.name}': {', '.join(recipe.space)} are all fixed")
    return searched


def _has_space(name: str) -> bool:
    try:
        return bool(load_recipe(name).space)
    except BenchError:  # a broken recipe file is an error of its own, when it is used
        return False


def distributions(space: Mapping[str, Choice | Uniform | LogUniform]) -> dict[str, BaseDistribution]:
    """The space as Optuna names it, parameter by parameter."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    def distribution(values: Choice | Uniform | LogUniform) -> BaseDistribution:
        if isinstance(values, Choice):
            return CategoricalDistribution(values.options)
        return FloatDistribution(values.low, values.high, log=isinstance(values, LogUniform))

    return {name: distribution(values) for name, values in space.items()}


def plain_space(space: Mapping[str, Choice | Uniform | LogUniform]) -> PlainSpace:
    """The space as JSON: `{"units": {"choice": [64, 128]}, "dropout": {"uniform": [0.1, 0.6]}}`."""
    plain: PlainSpace = {}
    for name, values in space.items():
        if isinstance(values, Choice):
            plain[name] = {"choice": list(values.options)}
        else:
            kind = "log_uniform" if isinstance(values, LogUniform) else "uniform"
            plain[name] = {kind: [values.low, values.high]}
    return plain


def tidy(params: Params) -> dict[str, Any]:
    """Suggested parameters as they are trained: floats to four significant digits, which a person can read and type."""
    return {name: float(f"{value:.4g}") if isinstance(value, float) else value for name, value in params.items()}


def inside(space: Mapping[str, Choice | Uniform | LogUniform], params: Params) -> Params:
    """Those of `params` that the space contains."""
    contained = {}
    for name, values in space.items():
        value = params[name]
        if isinstance(values, Choice):
            fits = value in values.options
        else:
            fits = isinstance(value, int | float) and values.low <= value <= values.high
        if fits:
            contained[name] = value
    return contained
