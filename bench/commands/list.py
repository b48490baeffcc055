"""`bench list`: names, with a line of what each is; no framework is imported."""

from __future__ import annotations

import json
import shutil
import textwrap
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bench.commands.options import StoreOption


class Kind(StrEnum):
    """What there is to list."""

    recipes = "recipes"
    datasets = "datasets"
    suites = "suites"
    runs = "runs"


def list_(
    kind: Annotated[Kind | None, typer.Argument(help="Everything but the runs when left out.")] = None,
    store: StoreOption = Path(".sentibench"),
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """List recipes, data sets and suites with a line of what each is, or the names of stored runs.

    [dim]python -m bench list recipes[/]
    """
    kinds = [kind] if kind else [Kind.recipes, Kind.datasets, Kind.suites]
    found = {k.value: _names(k, store) for k in kinds}
    if as_json:
        print(json.dumps(found if kind is None else found[kind.value], indent=1))
        return
    for name, rows in found.items():
        if kind is None:
            print(f"{name}:")
        for row in _lines(Kind(name), rows, "  " if kind is None else ""):
            print(row)


def _names(kind: Kind, store: Path) -> list[str]:
    if kind is Kind.recipes:
        from bench.registry import recipe_files

        return list(recipe_files())
    if kind is Kind.datasets:
        from bench.data import dataset_names

        return list(dataset_names())
    if kind is Kind.suites:
        from bench.spec import suite_names

        return suite_names()
    from bench.stores import open_store

    return open_store(store).run_ids()


def _lines(kind: Kind, names: list[str], indent: str) -> list[str]:
    """Each name, beside it what it is, as far as the screen is wide."""
    if kind is Kind.runs:
        return names
    wide, screen = max(map(len, names), default=0) + 2, shutil.get_terminal_size((140, 24)).columns
    left = max(20, screen - wide - len(indent))
    return [f"{indent}{name:<{wide}}{textwrap.shorten(_about(kind, name), left, placeholder=' …')}" for name in names]


def _about(kind: Kind, name: str) -> str:
    """What it is; of one that cannot be read, why."""
    from bench.errors import BenchError

    try:
        if kind is Kind.recipes:
            from bench.recipe_help import summary
            from bench.registry import load_recipe

            return summary(load_recipe(name))
        if kind is Kind.datasets:
            from bench.data.manifest import entry

            return entry(name).title
        from bench.spec import load_suites

        return load_suites(name)[0].description
    except BenchError as error:
        return str(error)
