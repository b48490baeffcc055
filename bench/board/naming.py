"""Names of models: what people read, what selects one on a command line, and all that it was made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from bench.board.cover import distinguishing
from bench.board.labels import labels
from bench.board.leaderboard import Names
from bench.board.model import LineKey, Model
from bench.board.recipes import recipe_of
from bench.contract import Recipe
from bench.identity import canonical, trained_rows
from bench.params import split_assignments, written

FROM = " ← "
"""Between a model and its parent."""


@dataclass(frozen=True)
class Parts:
    """The parameters that a model's name may show, as `key=value`, in the recipe's order."""

    whole: tuple[str, ...]
    """Those that differ from the recipe's defaults, or from another model of the same name."""
    headline: str
    """That of the recipe's headline parameter, its default too; empty for none."""

    @cached_property
    def shown(self) -> tuple[str, ...]:
        """All that a short name may be chosen from."""
        return self.whole if not self.headline or self.headline in self.whole else (self.headline, *self.whole)

    def distinguishing(self, rivals: Sequence[Parts]) -> list[str]:
        """The headline or the first part that some rival lacks, its rows if not all of train, and as few more."""
        own = set(self.shown)
        same = [rival.shown for rival in rivals if not own.issubset(rival.shown)]
        first = next((part for part in self.shown if any(part not in rival for rival in same)), "")
        start = {self.headline or first, *(part for part in self.whole if "=" not in part)} - {""}
        chosen = distinguishing(self.shown, same, start)
        return [part for part in self.shown if part in chosen]


class Naming:
    """The names of one leaderboard's lines."""

    def __init__(self, keys: Sequence[LineKey]) -> None:
        self._parts = _parts(member for _, *models in keys for model in models if model for member in model.family())
        self._short: dict[Model, str] = {}
        rivals_of: dict[tuple[str, str], list[Parts]] = {}
        for track, model, _ in keys:
            rivals_of.setdefault((track, model.recipe), []).append(self._parts[model])
        for track, model, _ in keys:
            rivals = rivals_of[track, model.recipe]
            own = [_bare(part, rivals) for part in self._parts[model].distinguishing(rivals)]
            self._short[model] = f"{model.recipe}[{','.join(own)}]" if own else model.recipe
        self._labels = labels(keys)

    def names(self, key: LineKey) -> Names:
        """Of one line."""
        _, model, teacher = key
        label = self._labels[key]
        return Names(
            name=self._name(model),
            short=self._short[model],
            title=label.title,
            figure=label.figure,
            family=label.family,
            origins=tuple(map(self._lineage, model.origins)),
            lineage=self._lineage(model),
            teacher=self._lineage(teacher) if teacher else "",
        )

    def _name(self, model: Model) -> str:
        whole = self._parts[model].whole
        return f"{model.recipe}[{','.join(whole)}]" if whole else model.recipe

    def _lineage(self, model: Model) -> str:
        return descent(self._name(model), [self._lineage(origin) for origin in model.origins])


def descent(name: str, made_of: Sequence[str]) -> str:
    """`ensemble ← 2 × finetune + linear`: a name with those of what it was made of, if anything."""
    each = [f"{count} × {origin}" if count > 1 else origin for origin, count in Counter(made_of).items()]
    return name + (FROM + " + ".join(each) if each else "")


def _parts(models: Iterable[Model]) -> dict[Model, Parts]:
    """Models that would have the same lineage show what differs between them as well."""
    recipes: dict[str, Recipe | None] = {}
    namesakes: dict[tuple[str, tuple[str, ...], tuple[Model, ...]], list[Model]] = {}
    for model in dict.fromkeys(models):
        if model.recipe not in recipes:
            recipes[model.recipe] = recipe_of(model.recipe)
        changed = _changed(model, recipes[model.recipe])
        namesakes.setdefault((model.recipe, changed, model.origins), []).append(model)
    parts = {}
    for (_, changed, _), alike in namesakes.items():
        differing = _differing(alike)
        for model in alike:
            more = (_part(model, key) for key in differing if key in model.params)
            whole = (*changed, *(part for part in more if part not in changed))
            parts[model] = Parts(whole, _headline(model, recipes[model.recipe]))
    return parts


def _changed(model: Model, recipe: Recipe | None) -> tuple[str, ...]:
    """What differs from the recipe's defaults of today; of an unknown recipe, what differed from its own."""
    if recipe is None:
        return tuple(part for part in split_assignments(model.variant) if part)
    usual = {key: canonical(value) for key, value in recipe.defaults.items()}
    changed = [key for key, value in model.params.items() if usual.get(key) != canonical(value)]
    return (*(_part(model, key) for key in changed), *filter(None, (trained_rows(model.identity.trained_on),)))


def _differing(namesakes: Sequence[Model]) -> list[str]:
    """The parameters in which models of one name differ, or that one lacks."""
    if len(namesakes) == 1:
        return []
    keys = dict.fromkeys(key for model in namesakes for key in model.params)
    values = {key: {canonical(model.params.get(key, ...)) for model in namesakes} for key in keys}
    return [key for key in keys if len(values[key]) > 1]


def _headline(model: Model, recipe: Recipe | None) -> str:
    return _part(model, recipe.headline_param) if recipe and recipe.headline_param in model.params else ""


def _part(model: Model, key: str) -> str:
    return f"{key}={written(model.params[key])}"


def _bare(part: str, rivals: Sequence[Parts]) -> str:
    """`student=static[units=8]` without its brackets, where no model of the recipe has another student of that name."""
    bare, bracket, _ = part.partition("[")
    others = {other for rival in rivals for other in rival.shown if other.partition("[")[0] == bare}
    return bare if bracket and not bare.endswith("=") and others == {part} else part
