"""Who made the labels? Simple rules are fitted on train and held against validation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from bench.audit.signs import Sign, signs
from bench.contract import Split
from bench.proportion import Rate

SAMPLE = 5000
"""Texts of each split that are looked at."""
FOLLOWS = 0.8
"""Cohen's kappa from which agreement is "almost perfect" (Landis, Koch, Biometrics 33, 1977)."""
Labels = npt.NDArray[np.int64]


class Explanation(BaseModel):
    """A rule that gives held-out labels more often than the most frequent label does."""

    model_config = ConfigDict(extra="forbid")

    sign: str = Field(description="What the rule looks at.")
    rule: str = Field(description="Its cut points, or the words that count most.")
    agreement: Rate = Field(description="Of the validation texts: those whose label it gives.")
    chance: float = Field(description="What the label that is most frequent in train gives.")
    kappa: float = Field(description="Cohen's, of rule and labels: 0 is chance, 1 the same.")

    @property
    def follows(self) -> bool:
        """Whether the labels follow from it, as far as two annotators could be said to agree almost perfectly."""
        return self.kappa >= FOLLOWS


def explanations(fit: Split, held: Split, more: Sequence[Sign] = ()) -> list[Explanation]:
    """The rules, fitted on one split, that explain the labels of another better than chance allows; the best first."""
    majority = np.bincount(fit.labels, minlength=len(fit.label_names)).argmax()
    chance = float((held.labels == majority).mean())
    found = [_explained(sign, fit, held, chance) for sign in (*signs(), *more)]
    better = [each for each in found if each.agreement.low is not None and each.agreement.low > chance]
    return sorted(better, key=lambda each: -each.agreement.count)


def sampled(split: Split, most: int = SAMPLE) -> Split:
    """At most so many rows, evenly chosen."""
    if len(split) <= most:
        return split
    return split.take(np.linspace(0, len(split) - 1, most).astype(np.int64))


def _explained(sign: Sign, fit: Split, held: Split, chance: float) -> Explanation:
    from sklearn.metrics import cohen_kappa_score

    predicted, rule = _by_numbers(sign, fit, held) if sign.numbers else _by_words(sign, fit, held)
    hits = int((predicted == held.labels).sum())
    kappa = float(cohen_kappa_score(held.labels, predicted))
    return Explanation(
        sign=sign.name, rule=rule, agreement=Rate.of(hits, len(held)), chance=chance,
        kappa=0.0 if np.isnan(kappa) else kappa,
    )  # fmt: skip


def _by_numbers(sign: Sign, fit: Split, held: Split) -> tuple[Labels, str]:
    """Cut points, one fewer than labels, or two that pick a label out."""
    from sklearn.tree import DecisionTreeClassifier

    assert sign.numbers is not None
    tree = DecisionTreeClassifier(max_leaf_nodes=max(len(fit.label_names), 3), random_state=0)
    tree.fit(sign.numbers(fit)[:, None], fit.labels)
    cuts = sorted(tree.tree_.threshold[tree.tree_.feature >= 0].tolist())
    predicted: Labels = tree.predict(sign.numbers(held)[:, None])
    return predicted, "cut at " + ", ".join(map(sign.cut, cuts)) if cuts else "no cut"


def _by_words(sign: Sign, fit: Split, held: Split) -> tuple[Labels, str]:
    """A tree over the few words that tell most of the labels."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.feature_selection import SelectKBest, chi2
    from sklearn.tree import DecisionTreeClassifier

    assert sign.words is not None
    counts = CountVectorizer(analyzer=list, binary=True, max_features=5000)
    try:
        seen: Any = counts.fit_transform(sign.words(fit))
    except ValueError:  # no text has one
        return np.full(len(held), np.bincount(fit.labels).argmax()), "none in train"
    best = SelectKBest(chi2, k=min(sign.most, seen.shape[1])).fit(seen, fit.labels)
    tree = DecisionTreeClassifier(max_leaf_nodes=sign.most + 1, random_state=0).fit(best.transform(seen), fit.labels)
    names = counts.get_feature_names_out()[best.get_support()]
    listed = [str(names[i]) for i in np.argsort(-tree.feature_importances_)[:8] if tree.feature_importances_[i] > 0]
    predicted: Labels = tree.predict(best.transform(counts.transform(sign.words(held))))
    return predicted, ", ".join(listed) or "no word"
