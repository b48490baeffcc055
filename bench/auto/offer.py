"""What is offered: the models that are raced, and what is made of the best of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from bench.contract import Compression, Params
from bench.data import DatasetRef
from bench.errors import BenchError
from bench.metrics import Metric
from bench.params import parse_recipe, variant, with_defaults
from bench.registry import load_recipe
from bench.spec import RunSpec

TABLE = Path(__file__).with_name("models.yaml")


class _Child(BaseModel):
    model_config = ConfigDict(extra="forbid")

    recipe: str
    of: list[str]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid")

    models: list[str]
    children: list[_Child]


@dataclass(frozen=True)
class Model:
    """A recipe with all of its parameters."""

    recipe: str
    params: Params
    of: tuple[str, ...] = ()
    """The recipes that this compression takes as parents; none for any."""

    @property
    def name(self) -> str:
        """`lstm[units=64]`: what differs from the defaults."""
        changed = variant(load_recipe(self.recipe), self.params)
        return f"{self.recipe}[{changed}]" if changed else self.recipe

    def spec(
        self, ref: DatasetRef, seed: int, limit: int | None, parent: RunSpec | None = None, measured: bool = False
    ) -> RunSpec:
        """Its run on at most `limit` rows of each split, as a child of `parent` where there is one."""
        parents = () if parent is None else (parent,)
        return RunSpec(self.recipe, self.params, ref, seed, limit, measured, suite="auto", parents=parents)


@dataclass(frozen=True)
class Offer:
    """In order of promise."""

    models: tuple[Model, ...]
    children: tuple[Model, ...]

    def children_of(self, parent: Model) -> list[Model]:
        """What can be made of it."""
        return [child for child in self.children if not child.of or parent.recipe in child.of]


def offered(recipes: Sequence[str], smoke: bool, metric: Metric) -> Offer:
    """The recipes as written on a command line, or the table's where none is; of a `smoke` run the quickest of each.

    `metric` is what epochs are chosen by. A recipe that compresses one parent is for the best of the others. Raises
    `BenchError` for any other compression, and where there is nothing to train.
    """
    table = _Table.model_validate(yaml.safe_load(TABLE.read_text(encoding="utf-8")))
    listed: list[tuple[str, list[str]]] = [(text, []) for text in recipes or table.models]
    if not recipes:
        listed += [(child.recipe, child.of) for child in table.children]
    models: list[Model] = []
    children: list[Model] = []
    for text, of in listed:
        name, given = parse_recipe(text)
        recipe = load_recipe(name)
        model = Model(name, with_defaults(recipe, given, smoke, metric), tuple(of))
        if isinstance(recipe, Compression) and recipe.parents != 1:
            raise BenchError(f"-r {text}: it takes several parents; auto makes children of one, the best")
        (children if isinstance(recipe, Compression) else models).append(model)
    if not models:
        raise BenchError("-r: give a recipe that trains from texts, too, of which the others can be made")
    return Offer(tuple(models), tuple(children))
