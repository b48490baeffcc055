"""What one artifact does on behaviour tests, changed test texts and other domains; stored as JSON, field by field."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from bench.contract import Probabilities, Split
from bench.evaluations import Evaluation, Evaluations
from bench.proportion import Rate
from bench.robustness import behaviour
from bench.robustness.perturbations import PERTURBATIONS
from bench.robustness.polarity import POLARITIES, PolarityMap

Predict = Callable[[Sequence[str]], Probabilities]
"""Texts to probabilities, float32 [n_texts, n_labels]."""
SEED = 20_260_101
"""Of the test texts that are drawn, the same for every artifact."""


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Behaviour(_Closed):
    """One capability: how many tests of each kind failed."""

    capability: str
    failures: dict[str, Rate]
    example: str = Field("", description="A test that failed, and the answer.")


class Perturbed(_Closed):
    """Test texts under one perturbation, those that it changes."""

    perturbation: str
    flips: Rate = Field(description="Texts whose label changes.")
    accuracy_before: float | None
    accuracy_after: float | None


class Domain(_Closed):
    """Another data set's test texts, by polarity."""

    dataset: str
    classes: int = Field(description="3 where both have a neutral label, else 2: neutral texts are left out.")
    accuracy: Rate
    macro_recall: float


class Robustness(Evaluation):
    """All of one artifact."""

    artifact: str
    behaviour: list[Behaviour]
    perturbed: list[Perturbed]
    domains: list[Domain]


ROBUSTNESS = Evaluations("robustness", Robustness, "python -m bench robustness RUN")


def behaviours(predict: Predict, polarity: PolarityMap, folder: Path = behaviour.FOLDER) -> list[Behaviour]:
    """Every capability in `folder`."""
    found = [(each, behaviour.cases(each, folder)) for each in behaviour.capabilities(folder)]
    texts = dict.fromkeys(t for _, some in found for case in some for t in (case.text, case.changed) if t is not None)
    answers = dict(zip(texts, predict(list(texts)), strict=True))
    return [_behaviour(capability.capability, some, answers, polarity) for capability, some in found]


def _behaviour(
    name: str, some: Sequence[behaviour.Case], answers: Mapping[str, Probabilities], polarity: PolarityMap
) -> Behaviour:
    outcomes: dict[str, list[bool]] = {}
    example = ""
    for case in some:
        after = None if case.changed is None else answers[case.changed]
        outcome = behaviour.failed(case, polarity, answers[case.text], after)
        if outcome is None:
            continue
        outcomes.setdefault(case.template.kind, []).append(outcome)
        if outcome and not example:
            shown = case.text if case.changed is None else f"{case.text} → {case.changed}"
            asked = case.template.expect or "the same label"
            given = polarity.predicted(answers[case.changed or case.text][None])[0]
            example = f"{shown} (expected: {asked}; answer: {given})"
    rates = {kind: Rate.of(sum(results), len(results)) for kind, results in outcomes.items()}
    return Behaviour(capability=name, failures=rates, example=example)


def perturbed(predict: Predict, test: Split, n: int) -> list[Perturbed]:
    """Up to `n` texts of `test`, drawn by a fixed seed, under every perturbation."""
    chosen = np.random.default_rng(SEED).permutation(len(test))[:n]
    texts, labels = [test.texts[i] for i in chosen], test.labels[chosen]
    changed = {name: [change(text) for text in texts] for name, change in PERTURBATIONS.items()}
    everything = list(dict.fromkeys([*texts, *(text for some in changed.values() for text in some)]))
    answers = dict(zip(everything, predict(everything).argmax(axis=1), strict=True))
    before = np.array([answers[text] for text in texts], np.int64)
    found = []
    for name, some in changed.items():
        after = np.array([answers[text] for text in some], np.int64)
        altered = np.array([a != b for a, b in zip(texts, some, strict=True)], np.bool_)
        found.append(
            Perturbed(
                perturbation=name,
                flips=Rate.of(int((before != after)[altered].sum()), int(altered.sum())),
                accuracy_before=_mean((before == labels)[altered]),
                accuracy_after=_mean((after == labels)[altered]),
            )
        )
    return found


def _mean(values: npt.NDArray[np.bool_]) -> float | None:
    return float(values.mean()) if len(values) else None


def domain(predict: Predict, polarity: PolarityMap, test: Split, own: PolarityMap, name: str) -> Domain | None:
    """The polarity of another set's test texts, whose labels have the polarities `own`; None where no text counts.

    Of two classes the more probable one of negative and positive is the answer, whatever else the labels say.
    """
    classes = 3 if polarity.has_neutral and own.has_neutral else 2
    usable = POLARITIES if classes == 3 else ("negative", "positive")
    true = np.array([str(own.of_label[label]) for label in test.labels])
    kept = np.flatnonzero(np.isin(true, usable))
    if not len(kept):
        return None
    columns = [POLARITIES.index(p) for p in usable]
    answers = polarity.probabilities(predict([test.texts[i] for i in kept]))[:, columns].argmax(axis=1)
    right = np.array(usable)[answers] == true[kept]
    recalls = [right[true[kept] == p].mean() for p in usable if (true[kept] == p).any()]
    return Domain(
        dataset=name,
        classes=classes,
        accuracy=Rate.of(int(right.sum()), len(right)),
        macro_recall=float(np.mean(recalls)),
    )
