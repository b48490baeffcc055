"""From a suite to its runs: data sets, grids, seeds, parents and gates."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.contract import Compression, Params, Recipe
from bench.data import DatasetRef
from bench.data.prepare import metric_of_source
from bench.errors import BenchError, did_you_mean
from bench.metrics import Metric
from bench.params import with_defaults
from bench.registry import load_recipe
from bench.spec import Gate, RunSpec, Suite, SuiteRun

Made = dict[str, list[RunSpec]]
"""The runs of each entry that has an id, on one data set."""


def suite_specs(
    suite: Suite, data_dir: Path | None = None, limit: int | None = None, prepared: Path | None = None
) -> list[RunSpec]:
    """Every run of a suite, data set by data set, in the order of the file, so that parents stand before children.

    With a `limit` of rows they are smoke runs: what the suite leaves open is the recipe's quickest. `prepared` is the
    folder of prepared data: a user's file that is found there is not read again for its metric.
    """
    refs = {d.name: d.ref(data_dir) for d in suite.datasets}
    if len(refs) < len(suite.datasets):
        twice = next(name for name in refs if sum(d.name == name for d in suite.datasets) > 1)
        raise BenchError(f"suite '{suite.name}' lists the data set '{twice}' twice; list it once")
    for run in suite.runs:
        _check(run, suite, refs)
    return [
        spec for ref in refs.values() for spec in _on_dataset(suite, ref, metric_of_source(ref, prepared, limit), limit)
    ]


def check_parents(recipe_name: str, parents: Sequence[Any], layouts: Sequence[str | None]) -> None:
    """A `BenchError` where a recipe has no parent that needs one, one too many, or one that it cannot take.

    `layouts` are those of the parents, None for one that nobody knows yet.
    """
    recipe = load_recipe(recipe_name)
    required = recipe.parents if isinstance(recipe, Compression) else 0
    if required == len(parents) or (required is None and len(parents) > 1):
        _check_layouts(recipe, layouts)
        return
    if not required and required is not None:
        raise BenchError(f"recipe '{recipe_name}' trains from texts alone; it takes no parent")
    number = "two or more parents" if required is None else "one parent"
    raise BenchError(
        f"recipe '{recipe_name}' takes {number}, and has {len(parents) or 'none'}: name the trained run to compress"
    )


def _check_layouts(recipe: Recipe, layouts: Sequence[str | None]) -> None:
    takes = recipe.takes if isinstance(recipe, Compression) else ()
    for layout in layouts:
        if takes and layout is not None and layout not in takes:
            raise BenchError(f"recipe '{recipe.name}' takes artifacts of {', '.join(takes)}, not of '{layout}'")


def layout_of(spec: RunSpec) -> str | None:
    """The layout that the artifact of a run will have; None where nobody knows yet."""
    try:
        layout = load_recipe(spec.recipe).resolve(spec.params).layout
    except BenchError:  # weights that are not here, say: what is planned tells it
        return None
    if isinstance(layout, str):
        return layout
    (parent,) = spec.parents
    return layout.get(layout_of(parent) or "") if isinstance(parent, RunSpec) else None


def _check(run: SuiteRun, suite: Suite, refs: Mapping[str, DatasetRef]) -> None:
    for name in run.datasets or []:
        if name not in refs:
            raise BenchError(f"suite '{suite.name}' runs '{run.recipe}' on '{name}', which is not among its datasets")
    if run.max_drop is not None and not run.parent:
        raise BenchError(f"suite '{suite.name}': '{run.recipe}' has max_drop but no parent to compare with")
    if run.back_off and (run.max_drop is None or len({len(v) for v in run.back_off.values()}) > 1):
        raise BenchError(f"suite '{suite.name}': back_off of '{run.recipe}' needs max_drop, and lists of one length")


@dataclass(frozen=True)
class _Entry:
    """One entry of a suite on one data set."""

    run: SuiteRun
    suite: Suite
    ref: DatasetRef
    metric: Metric
    made: Made
    limit: int | None

    def specs(self) -> Iterator[RunSpec]:
        """Grid, then seeds, then numbers of labels; with a parent, each of its runs for which there is one."""
        seeds = self.run.seeds or self.suite.seeds
        for values in itertools.product(*self.run.grid.values()):
            given = self.run.params | dict(zip(self.run.grid, values, strict=True))
            for seed in seeds:
                measured = self.suite.measure == "all" or (self.suite.measure == "first_seed" and seed == seeds[0])
                for per_label, parents in itertools.product(self.run.per_label or (None,), self._parents(seed)):
                    spec = replace(self._spec(given, seed, measured, parents), per_label=per_label)
                    yield self._gated(spec)

    def _spec(self, given: Params, seed: int, measured: bool, parents: tuple[RunSpec, ...]) -> RunSpec:
        check_parents(self.run.recipe, parents, [layout_of(parent) for parent in parents])
        recipe = load_recipe(self.run.recipe)
        params = with_defaults(recipe, given, smoke=self.limit is not None, metric=self.metric)
        return RunSpec(
            self.run.recipe, params, self.ref, seed, self.limit, measured, suite=self.suite.name, parents=parents
        )

    def _gated(self, spec: RunSpec) -> RunSpec:
        """The run with its gate, and behind it the fallbacks, in turn."""
        if self.run.max_drop is None:
            return spec
        steps = [
            dict(zip(self.run.back_off, values, strict=True))
            for values in zip(*self.run.back_off.values(), strict=True)
        ]
        gate = Gate(self.run.max_drop)
        for step in reversed(steps):
            params = with_defaults(load_recipe(spec.recipe), {**spec.params, **step})
            gate = Gate(self.run.max_drop, replace(spec, params=params, gate=gate))
        return replace(spec, gate=gate)

    def _parents(self, seed: int) -> list[tuple[RunSpec, ...]]:
        """One tuple of parents for each child: a single name stands for every run of that entry and seed."""
        names = self.run.parent
        if names is None:
            return [()]
        if isinstance(names, str) and "@*" not in names:
            return [(parent,) for parent in self._named(names, seed)]
        listed = [names] if isinstance(names, str) else names
        return [tuple(parent for name in listed for parent in self._named(name, seed))]

    def _named(self, name: str, seed: int) -> list[RunSpec]:
        entry, at, number = name.partition("@")
        if entry not in self.made:
            raise BenchError(
                f"suite '{self.suite.name}': parent '{entry}' of '{self.run.recipe}' is no entry above it on "
                f"{self.ref.name}: {did_you_mean(entry, self.made)}"
            )
        if number == "*":
            return self.made[entry]
        if at and not number.isdigit():
            raise BenchError(
                f"suite '{self.suite.name}': cannot read the parent '{name}': write {entry}, {entry}@1 or {entry}@*"
            )
        parent_seed = int(number) if at else seed
        parents = [spec for spec in self.made[entry] if spec.seed == parent_seed]
        if not parents:
            raise BenchError(
                f"suite '{self.suite.name}': '{entry}' has no run of seed {parent_seed} for '{self.run.recipe}'"
            )
        return parents


def _on_dataset(suite: Suite, ref: DatasetRef, metric: Metric, limit: int | None) -> list[RunSpec]:
    made: Made = {}
    specs: list[RunSpec] = []
    for run in suite.runs:
        if run.datasets is not None and ref.name not in run.datasets:
            continue
        of_entry = list(_Entry(run, suite, ref, metric, made, limit).specs())
        if run.id is not None:
            if run.id in made:
                raise BenchError(f"suite '{suite.name}' has two entries with the id '{run.id}' on {ref.name}")
            made[run.id] = of_entry
        specs += of_entry
    return specs
