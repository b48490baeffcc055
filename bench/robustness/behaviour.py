"""Behaviour tests in the manner of CheckList (Ribeiro et al., 2020, arXiv:2005.04118): templates in data files.

`minimum functionality`: the answer to a made text. `invariance`: a change leaves the label. `direction`: a change moves
the balance of positive over negative one way; a step of up to `TOLERANCE` the other way is none.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, model_validator

from bench.contract import Probabilities
from bench.errors import BenchError
from bench.robustness.perturbations import PERTURBATIONS
from bench.robustness.polarity import PolarityMap

FOLDER = Path(__file__).parent / "behaviour"
WORDS = "words.yaml"
TOLERANCE = 0.1
_SLOT = re.compile(r"\{(\w+)\}")

Kind = Literal["minimum functionality", "invariance", "direction"]
Expected = Literal["negative", "neutral", "positive", "not negative", "not positive", "more negative", "more positive"]


class Template(BaseModel):
    """A text with slots, and what is expected of it, or of it and its changed form."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    text: str
    changed: str | None = None
    """The same text changed, with the same words in its slots."""
    change: str | None = None
    """Or the perturbation that changes it."""
    expect: Expected | None = None

    @model_validator(mode="after")
    def _agree(self) -> Template:
        pair = self.kind != "minimum functionality"
        if pair != ((self.changed is None) != (self.change is None)):
            allowed = "one of changed and change" if pair else "neither changed nor change"
            raise ValueError(f"{self.kind}: give {allowed}")
        if (self.kind == "invariance") != (self.expect is None):
            raise ValueError(f"{self.kind}: expect is {'of the other kinds' if self.expect else 'missing'}")
        if self.change is not None and self.change not in PERTURBATIONS:
            raise ValueError(f"change '{self.change}' is none of {', '.join(PERTURBATIONS)}")
        return self


class Capability(BaseModel):
    """One file of tests."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    capability: str
    what: str
    tests: tuple[Template, ...]


@dataclass(frozen=True)
class Case:
    """A template with its slots filled."""

    template: Template
    text: str
    changed: str | None


@lru_cache
def capabilities(folder: Path = FOLDER) -> tuple[Capability, ...]:
    """All files of a folder, by name; a `BenchError` in one line for one that cannot be read."""
    return tuple(_read(path) for path in sorted(folder.glob("*.yaml")) if path.name != WORDS)


def _read(path: Path) -> Capability:
    try:
        return Capability.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise BenchError(f"behaviour tests {path.name}: {' '.join(str(error).split())}") from None


def cases(capability: Capability, folder: Path = FOLDER) -> list[Case]:
    """Every combination of words in every template; those whose change changes nothing are left out."""
    words: Mapping[str, Sequence[str]] = yaml.safe_load((folder / WORDS).read_text(encoding="utf-8"))
    filled: list[Case] = []
    for template in capability.tests:
        slots = sorted(set(_SLOT.findall(template.text + (template.changed or ""))))
        if unknown := [slot for slot in slots if slot not in words]:
            raise BenchError(f"behaviour tests '{capability.capability}': no words for {{{unknown[0]}}} in {WORDS}")
        for chosen in itertools.product(*(words[slot] for slot in slots)):
            filling = dict(zip(slots, chosen, strict=True))
            text = _filled(template.text, filling)
            changed = _filled(template.changed, filling) if template.changed else None
            if template.change:
                changed = PERTURBATIONS[template.change](text)
            if changed != text:
                filled.append(Case(template, text, changed))
    return filled


def _filled(template: str, words: Mapping[str, str]) -> str:
    text = template.format_map(words)
    return text[:1].upper() + text[1:]


def failed(case: Case, polarity: PolarityMap, before: Probabilities, after: Probabilities | None) -> bool | None:
    """Whether the answers, float32 [k] each, break what is expected; None where the labels cannot answer."""
    template = case.template
    if template.kind == "invariance":
        assert after is not None
        return bool(before.argmax() != after.argmax())
    if template.kind == "direction":
        assert after is not None
        sums = polarity.probabilities(np.stack([before, after]))
        balance = sums[:, 2] - sums[:, 0]
        step = float(balance[1] - balance[0])
        return (step if template.expect == "more negative" else -step) > TOLERANCE
    answer = str(polarity.predicted(before[None])[0])
    expected = str(template.expect)
    if expected == "neutral" and not polarity.has_neutral:
        return None
    return answer == expected.removeprefix("not ") if expected.startswith("not ") else answer != expected
