"""`bench list`: names only; no framework is imported."""

from __future__ import annotations

import json
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
    """List the names of recipes, data sets, suites or stored runs.

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
        for row in rows:
            print(("  " if kind is None else "") + row)


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
    from bench.store import Store

    return Store(store).run_ids()
