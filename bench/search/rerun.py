"""After a search: its best parameters with fresh seeds as ordinary runs, then a refit on train and validation."""

from __future__ import annotations

import shlex
import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import yaml
from rich.console import Console

from bench.contract import Params, Recipe
from bench.errors import StoreInUseError
from bench.run.plan import Planner
from bench.run.suite import RunOptions, run_specs
from bench.search.definition import StudyDefinition
from bench.search.summary import TrialRow
from bench.spec import RunSpec
from bench.stores import open_store

POLL = 2.0
"""Seconds between two attempts at a store that another command holds."""


def command(recipe: Recipe, params: Params, dataset: str, seeds: Sequence[int], more: Sequence[str]) -> str:
    """`python -m bench run …` that trains these parameters; every value reads back as it is."""
    changed = [f"{name}={_yaml(value)}" for name, value in params.items() if recipe.defaults[name] != value]
    model = f"{recipe.name}[{','.join(changed)}]" if changed else recipe.name
    arguments = ["-r", model, "-d", dataset, "--seeds", ",".join(map(str, seeds)), *more]
    return "python -m bench run " + " ".join(shlex.quote(argument) for argument in arguments)


def _yaml(value: Any) -> str:
    """As YAML writes it in one line: `1.0e-05`, where Python's `1e-05` would be read as text.

    Digits that are text need no quotes: a parameter whose default is text takes numbers as such.
    """
    if isinstance(value, str) and isinstance(yaml.safe_load(value), int | str) and str(yaml.safe_load(value)) == value:
        return value
    text: str = yaml.safe_dump(value, default_flow_style=True, width=10**6)
    return text.removesuffix("\n").removesuffix("\n...")


def run_when_free(specs: Sequence[RunSpec], options: RunOptions, console: Console) -> int:
    """`run_specs`, once no other command writes to the store."""
    while True:
        try:
            return run_specs(specs, set(), options, console)
        except StoreInUseError as error:
            with console.status(f"{str(error).partition(';')[0]}: waiting …"):
                time.sleep(POLL)


def refit_specs(
    specs: Sequence[RunSpec], definition: StudyDefinition, options: RunOptions, best: TrialRow
) -> list[RunSpec]:
    """Those runs again on train and validation together, for as many epochs as validation chose.

    That is the median of the best epochs of `specs` as they are stored, else the best trial's own; a recipe without
    `epochs` trains as before.
    """
    prepared = {spec.dataset.name: definition.prepared for spec in specs}
    planned = Planner(prepared, open_store(options.store), "reuse", options.device).plan_all(specs)
    chosen = [p.stored.training.best_epoch for p in planned if p.stored and p.stored.training]
    epochs = [epoch for epoch in chosen if epoch is not None] or ([best.best_epoch] if best.best_epoch else [])
    params = dict(specs[0].params)
    if "epochs" in definition.recipe.defaults and epochs:
        params["epochs"] = statistics.median_low(epochs)
    return [replace(spec, params=params, refit=True) for spec in specs]
