"""The options of a search, and what all trials of its study have in common."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.contract import Compression, Params, Recipe
from bench.data import DatasetRef, Prepared
from bench.data.label_shape import check_recipes
from bench.data.manifest import metric_of
from bench.errors import BenchError
from bench.identity import slug
from bench.params import with_defaults
from bench.registry import load_recipe
from bench.run.datasets import prepared_dataset
from bench.run.execute import missing_package
from bench.run.keys import artifact_parts, digest, shown_params
from bench.run.suite import RunOptions
from bench.search.space import Space, plain_space, searched_space, tidy
from bench.search.study import Metric
from bench.spec import MeasurePolicy


@dataclass(frozen=True)
class SearchOptions:
    """What to search, and how."""

    recipe: str
    given: Params
    """Parameters that are fixed by the user."""
    dataset: DatasetRef
    run: RunOptions
    metric: Metric | None
    """What trials are judged by; None for the data set's own."""
    trials: int
    seed: int
    seeds: tuple[int, ...]
    """Fresh ones, for the best parameters; none for no such runs."""
    refit: bool
    only: tuple[str, ...] | None
    storage: str | None
    study: str | None
    minutes: float | None
    measure: MeasurePolicy
    run_arguments: tuple[str, ...]
    """Options that `bench run` needs as well to train the same: columns, `--smoke`."""


@dataclass(frozen=True)
class StudyDefinition:
    """What all trials of a study have in common."""

    recipe: Recipe
    fixed: Params
    """Every parameter that is not searched."""
    space: Space
    prepared: Prepared
    metric: Metric
    parts: dict[str, str]
    """By name, each short enough to print: two studies differ where one of them does."""
    name: str
    """Of the study."""

    @property
    def shown(self) -> Params:
        """`fixed` as it is published: without paths."""
        shown = shown_params(self.recipe.resolve(self.params({})), self.params({}), self.parts)
        return {key: shown[key] for key in self.fixed}

    def params(self, suggested: Params) -> dict[str, Any]:
        """All parameters of a trial."""
        return with_defaults(self.recipe, {**self.fixed, **tidy(suggested)})


def define(options: SearchOptions, work: Path) -> StudyDefinition:
    """Check the options and prepare the data; `work` is a folder of the caller's own.

    The study's name, where none is given, holds a hash of the definition: another definition is another study.
    """
    recipe = load_recipe(options.recipe)
    if isinstance(recipe, Compression):
        raise BenchError(
            f"recipe '{recipe.name}' compresses a trained model: "
            f"`python -m bench compress RUN --steps {recipe.name}` searches its parameters"
        )
    given = {**(recipe.smoke if options.run.limit is not None else {}), **options.given}
    base = with_defaults(recipe, given)
    space = searched_space(recipe, given, options.only)
    resolved = recipe.resolve(base)
    if reason := missing_package(resolved):
        raise BenchError(reason)
    prepared = prepared_dataset(options.dataset, options.run.opened(), options.run.limit, work)
    check_recipes([recipe.name], prepared.name, prepared.meta.notes)
    own = metric_of(prepared.name, prepared.meta.notes)
    base = with_defaults(recipe, given, metric=own)
    parts = artifact_parts(recipe, resolved, base, options.seed, prepared.train_hash, options.run.device)
    metric = options.metric or own
    parts |= {"metric": metric, "space": json.dumps(plain_space(space), sort_keys=True)}
    name = options.study or f"{recipe.name}-{slug(prepared.name)}-{digest(parts)[:8]}"
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", name):
        raise BenchError(f"--study '{name}': use letters, digits, dots, dashes and underscores; it names files")
    fixed = {key: value for key, value in base.items() if key not in space}
    return StudyDefinition(recipe, fixed, space, prepared, metric, parts, name)


def fresh_seeds(seed: int) -> tuple[int, ...]:
    """Three that the parameters were not chosen with."""
    return seed + 1, seed + 2, seed + 3
