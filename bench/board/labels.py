"""What the models of one leaderboard are called wherever people read: `TinyBERT-4 · pruned 60 % · ONNX int8`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import NamedTuple

from bench.board.cover import distinguishing
from bench.board.model import LineKey, Model
from bench.board.recipes import recipe_of
from bench.board.shortening import SEPARATOR, brief
from bench.board.vocabulary import Family, architecture, step, student, student_of, words
from bench.identity import canonical, trained_rows

MAX_MEMBERS = 3
"""Different members of an ensemble that its name lists."""


class Detail(NamedTuple):
    """A parameter in words, and which step of the making it belongs to."""

    step: int
    text: str


@dataclass(frozen=True)
class Made:
    """A model in the order of making: its architecture, then what was done to it."""

    family: Family
    steps: tuple[tuple[str, ...], ...]
    """Names; the first of the first step is the architecture's."""
    models: tuple[Model, ...]
    """That each step made."""
    teacher: Model | None = None
    """Of a line, where it has one that it was not made of."""

    @property
    def text(self) -> str:
        """Without any parameter."""
        return self.written(())

    def written(self, details: Sequence[Detail]) -> str:
        """With parameters, each behind the step that it belongs to."""
        return SEPARATOR.join(self.parts(details))

    def parts(self, details: Sequence[Detail]) -> list[str]:
        """The same in pieces."""
        told = [(*names, *(d.text for d in details if d.step == i)) for i, names in enumerate(self.steps)]
        return list(chain.from_iterable(told))


class Label(NamedTuple):
    """What one line is called."""

    title: str
    """No other line of its board is called so."""
    figure: str
    """The same in as many characters as a figure has room for, which no other line is called either."""
    family: Family


def labels(keys: Sequence[LineKey]) -> dict[LineKey, Label]:
    """Of the lines of one leaderboard."""
    whole = {key: _of_line(key) for key in keys}
    parts = {key: whole[key].parts(details) for key, details in _details(whole).items()}
    titles = _unique({key: SEPARATOR.join(part) for key, part in parts.items()})
    taken = set(titles.values())
    found = {}
    for key in sorted(whole, key=lambda key: (len(titles[key]), titles[key])):
        figure = brief(titles[key], parts[key], taken)
        taken.add(figure)
        found[key] = Label(titles[key], figure, whole[key].family)
    return found


def _of_line(key: LineKey) -> Made:
    before = set(key.model.family())
    return replace(made(key.model), teacher=key.teacher if key.teacher not in before else None)


def made(model: Model) -> Made:
    """From the texts on: a student starts anew, an ensemble of what it is made of."""
    own = (*filter(None, (trained_rows(model.identity.trained_on),)),)
    if model.recipe == "distill":
        of = student(model.params)
        return Made(of.family, ((of.name, *of.tags, *own),), (model,))
    if len(model.origins) > 1 or model.recipe == "ensemble":
        return Made("ensemble", ((_together(model.origins), *own),), (model,))
    of = architecture(model.recipe, model.params)
    if model.parent and of.family != "other":  # a student that trains under its teacher without `distill`
        return Made(of.family, ((of.name, *of.tags, "distilled", *own),), (model,))
    if model.parent:
        before = made(model.parent)
        done = (step(model.recipe, model.params), *own)
        return Made(before.family, (*before.steps, done), (*before.models, model))
    return Made(of.family, ((of.name, *of.tags, *own),), (model,))


def _together(origins: Sequence[Model]) -> str:
    """`3 × TinyBERT-4 (pruned 60 %)`, `LSTM + DNN`, `ensemble of 7`."""
    counted = Counter(map(_member, origins))
    if not counted or len(counted) > MAX_MEMBERS:
        return f"ensemble of {len(origins)}" if origins else "ensemble"
    return " + ".join(f"{count} × {name}" if count > 1 else name for name, count in counted.items())


def _member(model: Model) -> str:
    name, *tags = made(model).parts(())
    return f"{name} ({', '.join(tags)})" if tags else name


def _details(whole: dict[LineKey, Made]) -> dict[LineKey, list[Detail]]:
    """Parameters where two would be called alike: those that are not usual, or else any."""
    alike: dict[str, list[LineKey]] = {}
    for key, of in whole.items():
        alike.setdefault(of.text, []).append(key)
    found: dict[LineKey, list[Detail]] = {}
    for keys in alike.values():
        unusual = _apart({key: _told(whole[key], usual=False) for key in keys})
        texts = Counter(whole[key].written(unusual[key]) for key in keys)
        again = [key for key in keys if texts[whole[key].written(unusual[key])] > 1]
        found |= unusual | _apart({key: _told(whole[key], usual=True) for key in again})
    return found


def _apart(told: dict[LineKey, list[Detail]]) -> dict[LineKey, list[Detail]]:
    """As few details as tell each from the others."""
    found = {}
    for key, own in told.items():
        chosen = distinguishing(own, [other for rival, other in told.items() if rival is not key])
        found[key] = [detail for detail in own if detail in chosen]
    return found


def _told(of: Made, usual: bool) -> list[Detail]:
    """All that may be said of how it was made, the newest step first, as that is where variants differ."""
    last = len(of.models) - 1
    teacher = [Detail(last, f"teacher {made(of.teacher).text}")] if of.teacher else []
    steps = reversed(list(enumerate(of.models)))
    return [*teacher, *(Detail(i, text) for i, model in steps for text in dict.fromkeys(_said(model, usual)))]


def _said(model: Model, usual: bool) -> list[str]:
    """Of one step: its parameters; of what starts anew, also its teacher's name and parameters, or its members'."""
    recipe = recipe_of(model.recipe)
    defaults = {key: canonical(value) for key, value in recipe.defaults.items()} if recipe else {}
    told = {k: v for k, v in model.params.items() if usual or defaults.get(k) != canonical(v)}
    if model.recipe == "distill":
        told = {**student_of(model.params)[1], **{k: v for k, v in told.items() if k != "student"}}
    said = [words(key, value) for key, value in told.items()]
    if len(made(model).models) == 1:
        taught = "taught by " if model.params.get("alpha", 1.0) else "control for "
        name, own = ("of ", "") if len(model.origins) > 1 else (taught, "teacher ")
        before = [made(origin) for origin in model.origins]
        said += [f"{name}{of.text}" for of in before]
        said += [f"{own}{detail.text}" for of in before for detail in _told(of, usual)]
    return said


def _unique(titles: dict[LineKey, str]) -> dict[LineKey, str]:
    """Those that no parameter tells apart are numbered, in the order of their parameters."""
    found, counted = dict(titles), Counter(titles.values())
    for title, count in counted.items():
        if count > 1:
            alike = sorted((key for key in titles if titles[key] == title), key=lambda key: key.model.identity.params)
            found |= {key: f"{title} ({i})" for i, key in enumerate(alike, start=1)}
    return found
