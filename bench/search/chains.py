"""Chains of compressions: which steps, with which parameters, one after another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from optuna.trial import BaseTrial

from bench.contract import Compression, Params
from bench.data import DatasetRef
from bench.errors import BenchError
from bench.metrics import Metric
from bench.params import parse_recipe, split_assignments, with_defaults
from bench.registry import load_recipe
from bench.search.objective import suggested
from bench.search.space import Space, distributions, tidy
from bench.spec import RunSpec


@dataclass(frozen=True)
class Step:
    """A compression recipe of the chain: parameters that are fixed, and those that are searched."""

    recipe: str
    given: Params
    space: Space
    metric: Metric = "accuracy"
    """Of the data set."""

    def params(self, values: Params) -> Params:
        """All its parameters where those that are searched have these `values`."""
        return with_defaults(load_recipe(self.recipe), {**self.given, **tidy(values)}, metric=self.metric)

    def suggested(self, trial: BaseTrial) -> Params:
        """All its parameters in a trial."""
        space = {f"{self.recipe}.{name}": values for name, values in distributions(self.space).items()}
        return self.params({name.partition(".")[2]: value for name, value in suggested(trial, space).items()})


def parse_steps(text: str) -> tuple[Step, ...]:
    """`'distill[student=tweets-tiny],prune,quantize'`: parameters in brackets are fixed, the rest is searched."""
    steps = []
    for part in split_assignments(text):
        name, given = parse_recipe(part)
        recipe = load_recipe(name)
        if not isinstance(recipe, Compression) or recipe.parents != 1:
            raise BenchError(f"--steps: '{name}' makes no smaller child of one parent; it is no step of a chain")
        with_defaults(recipe, given)
        steps.append(Step(name, given, {key: values for key, values in recipe.space.items() if key not in given}))
    if len({step.recipe for step in steps}) < len(steps):
        raise BenchError(f"--steps {text}: a recipe stands in a chain once")
    return tuple(steps)


def suggest_chain(
    trial: BaseTrial,
    steps: tuple[Step, ...],
    parent: str,
    dataset: DatasetRef,
    seed: int,
    suite: str,
    limit: int | None,
) -> RunSpec | None:
    """The last run of a trial's chain, its parents behind it; None where no step was taken."""
    last: RunSpec | str = parent
    for step in steps:
        if len(steps) == 1 or trial.suggest_categorical(f"with {step.recipe}", [True, False]):
            params = step.suggested(trial)
            last = RunSpec(step.recipe, params, dataset, seed, limit, suite=suite, parents=(last,))
    return last if isinstance(last, RunSpec) else None


def alone(steps: tuple[Step, ...]) -> list[dict[str, Any]]:
    """What to try first: each step by itself, as its recipe does it by default, the last and so cheapest one first.

    Suggestions as `suggest_chain` names them; a default outside of what is searched is left to the sampler.
    """
    chains = []
    for step in reversed(steps):
        taken: dict[str, Any] = {f"with {other.recipe}": other is step for other in steps} if len(steps) > 1 else {}
        default = load_recipe(step.recipe).defaults
        taken |= {f"{step.recipe}.{name}": default[name] for name, of in step.space.items() if default[name] in of}
        chains.append(taken)
    return chains


def chain_of(spec: RunSpec) -> list[RunSpec]:
    """The runs of a chain, the first step first."""
    above = [parent for parent in spec.parents if isinstance(parent, RunSpec)]
    return [*(step for parent in above for step in chain_of(parent)), spec]


def chain_title(spec: RunSpec) -> str:
    """`prune[ratio=0.5] → quantize`."""
    return " → ".join(f"{s.recipe}[{s.variant}]" if s.variant else s.recipe for s in chain_of(spec))
