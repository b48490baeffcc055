"""What the stored predictions of a leaderboard show: scores and differences over texts and seeds, on one split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from bench.board.few_labels import per_label
from bench.board.leaderboard import Line
from bench.board.predictions import Outcome, Part, Predictions
from bench.board.recipes import recipe_of
from bench.metrics import AnyMetric
from bench.stats import crossed
from bench.stats.contributions import Floats, contributions
from bench.stats.crossed import Sample
from bench.stats.estimate import Estimate
from bench.stats.families import level_of_pairs
from bench.stats.flips import Flips, flips
from bench.stats.resampling import resampled_scores
from bench.stats.seeds import DETERMINISTIC, SeedVariance, borrowed, moderated, pooled, prior

RunIds = tuple[str, ...]
"""Of a line, which they name."""


@dataclass(frozen=True)
class Subject:
    """A model, or a single run of it, on texts that all subjects share."""

    sample: Sample
    right: Floats
    """1 where a seed has a text right, else 0, float64 [seeds, texts]."""
    variance: SeedVariance | None
    """Over seeds; None for a run that stands for itself, and where nothing is known."""
    roots: tuple[str, ...]
    """The trainings that the seeds come from, in their order; none for a run that stands for itself."""
    seeds: tuple[int, ...]
    """Of the runs, in their order."""
    run_ids: RunIds = ()
    """Of the line; none for a run that stands for itself."""

    def belongs_to(self, other: Subject) -> bool:
        """Whether both come from the same trainings, seed by seed."""
        return bool(self.roots) and self.roots == other.roots

    def of_trainings(self, roots: tuple[str, ...]) -> Subject:
        """The seeds that come from these trainings alone; itself where it lacks one."""
        if not set(roots) < set(self.roots):
            return self
        rows = [i for i, root in enumerate(self.roots) if root in roots]
        seeds = tuple(self.seeds[i] for i in rows)
        return replace(self, sample=Sample(self.sample.values[rows]), right=self.right[rows], roots=roots, seeds=seeds)


class Inference:
    """Of the lines whose predictions of the same texts are stored; the others cannot be compared."""

    def __init__(self, lines: Sequence[Line], predictions: Predictions, metric: AnyMetric, part: Part = "test") -> None:
        self.metric = metric
        stored = {line.run_ids: predictions.outcomes(line, part) for line in lines}
        texts = Counter(outcome.texts for outcomes in stored.values() for outcome in outcomes)
        self._texts = texts.most_common(1)[0][0] if texts else None
        self._outcomes: dict[RunIds, list[Outcome]] = {}
        self._roots: dict[RunIds, tuple[str, ...]] = {}
        self._recipes = {line.run_ids: line.recipe for line in lines}
        self._per_label = {line.run_ids: per_label(line) for line in lines}
        self._made = {line.run_ids: line.runs[0].model_name for line in lines}
        self._parents = {line.run_ids: {run.parent_run_id for run in line.runs} for line in lines}
        for run_ids, outcomes in stored.items():
            if alike := [outcome for outcome in outcomes if outcome.texts == self._texts]:
                roots = predictions.descent.roots([outcome.run_id for outcome in alike])
                order = sorted(range(len(alike)), key=roots.__getitem__)
                self._outcomes[run_ids] = [alike[i] for i in order]
                self._roots[run_ids] = tuple(roots[i] for i in order)

    @cached_property
    def _samples(self) -> dict[RunIds, Sample]:
        return {run_ids: Sample(self._values(some, self.metric)) for run_ids, some in self._outcomes.items()}

    def _values(self, outcomes: Sequence[Outcome], metric: AnyMetric) -> Floats:
        return np.stack([contributions(o.labels, o.predicted, o.n_labels, metric) for o in outcomes])

    @property
    def n_texts(self) -> int:
        """0 where nothing can be compared."""
        return next((len(outcomes[0].labels) for outcomes in self._outcomes.values()), 0)

    def subject(self, line: Line, run_id: str | None = None) -> Subject | None:
        """A model, or one of its runs for itself; None where its predictions of these texts are not stored."""
        outcomes = self._outcomes.get(line.run_ids, [])
        chosen = [o for o in outcomes if run_id in (None, o.run_id)]
        if not chosen:
            return None
        right, seeds = self._values(chosen, "accuracy"), tuple(outcome.seed for outcome in chosen)
        if run_id is None:
            of = line.run_ids
            return Subject(self._samples[of], right, self._variance(of), self._roots[of], seeds, of)
        return Subject(Sample(self._values(chosen, self.metric)), right, None, (), seeds)

    def score(self, subject: Subject) -> Estimate:
        """Mean over texts and seeds."""
        return crossed.mean(subject.sample, subject.variance)

    def difference(self, first: Subject, second: Subject) -> Estimate:
        """Second less first. What descends from the same trainings is compared seed by seed."""
        if not second.belongs_to(first):
            return crossed.difference(first.sample, second.sample, first.variance, second.variance)
        step = second.sample.less(first.sample)
        if own := step.variance:
            return crossed.mean(step, moderated(own, self._common_step))
        return crossed.mean(step, borrowed(self._like(first.run_ids, second.run_ids), self._common_step))

    def resampled(self, lines: Sequence[Line]) -> Floats:
        """Scores of lines that have a subject, drawn anew over texts and seeds together, float64 [lines, draws]."""
        ids = [line.run_ids for line in lines]
        texts = np.stack([self._samples[i].texts for i in ids])
        return resampled_scores(texts, [self._seed_error(i) for i in ids], [self._roots[i] for i in ids])

    def flips(self, first: Subject, second: Subject) -> Flips:
        """Texts that change sides from the first to the second."""
        return flips(first.right, second.right, second.belongs_to(first))

    def level(self, *pair: Subject) -> float:
        """Of the test of two models, so that the chance of any false call among all pairs of their family is 5 %.

        Models that were trained on all of train are a family: those of few labels answer another question, and do not
        widen its intervals. A pair with one of few labels is one of all pairs of the leaderboard.
        """
        whole = all(self._per_label.get(subject.run_ids) is None for subject in pair)
        return self._level_of_whole if whole else self._level_of_all

    @cached_property
    def _level_of_whole(self) -> float:
        return self._level_among([ids for ids in self._samples if self._per_label[ids] is None])

    @cached_property
    def _level_of_all(self) -> float:
        return self._level_among(list(self._samples))

    def _level_among(self, ids: Sequence[RunIds]) -> float:
        if len(ids) < 2:
            return level_of_pairs(np.eye(1))
        over_texts = np.cov(np.stack([self._samples[i].texts for i in ids])) / max(self.n_texts, 1)
        over_seeds = np.array([self._seed_error(i) for i in ids])
        alike = np.array([[self._roots[a] == self._roots[b] for b in ids] for a in ids])
        return level_of_pairs(over_texts + alike * np.outer(over_seeds, over_seeds))

    def _seed_error(self, run_ids: RunIds) -> float:
        variance = self._variance(run_ids)
        apart = max(variance.total - variance.noise, 0.0) if variance else 0.0
        return float((apart / self._samples[run_ids].seeds) ** 0.5)

    def _variance(self, run_ids: RunIds) -> SeedVariance | None:
        """Where its own seeds do not tell, that of models which were trained on as many labels."""
        number = self._per_label[run_ids]
        if own := self._samples[run_ids].variance:
            return moderated(own, self._common[number])
        recipe = self._recipes[run_ids]
        if number is None and (known := recipe_of(recipe)) is not None and known.deterministic:
            return DETERMINISTIC
        like = [i for i in self._samples if (self._recipes[i], self._per_label[i]) == (recipe, number)]
        return borrowed([v for i in like if (v := self._samples[i].variance)], self._common[number])

    @cached_property
    def _by_roots(self) -> dict[tuple[str, ...], list[RunIds]]:
        """Models of several seeds, those that come from the same trainings together, the best first."""
        grouped: dict[tuple[str, ...], list[RunIds]] = {}
        for run_ids, sample in self._samples.items():
            if sample.seeds > 1:
                grouped.setdefault(self._roots[run_ids], []).append(run_ids)
        return grouped

    @cached_property
    def _common(self) -> dict[int | None, SeedVariance | None]:
        """What the trainings on so many labels each have in common; the children of one training count as one.

        Seeds that also draw their texts differ by more than those that were trained on the same ones.
        """
        drawn: dict[int | None, list[SeedVariance]] = {number: [] for number in self._per_label.values()}
        for group in self._by_roots.values():
            variances = [v for run_ids in group if (v := self._samples[run_ids].variance)]
            if together := pooled(variances):
                number = self._per_label[group[0]]
                drawn[number].append(SeedVariance(together.total, together.noise, variances[0].df))
        return {number: prior(variances) for number, variances in drawn.items()}

    def _like(self, first: RunIds, second: RunIds) -> list[SeedVariance]:
        """Of steps of several seeds like that from the one to the other: made alike, as child or as siblings."""
        for parent, child in ((first, second), (second, first)):
            if child and self._parents[child] <= set(parent):
                return self._steps.get(self._made[child], [])
        if not (first and second) or self._parents[first] != self._parents[second]:
            return []
        both = [self._steps.get(self._made[ids], []) for ids in (first, second)]
        if not all(both):
            return []
        one, other = map(pooled, both)  # what they share would only make it less
        return [SeedVariance(one.total + other.total, one.noise + other.noise, min(one.df, other.df))]

    @cached_property
    def _steps(self) -> dict[str, list[SeedVariance]]:
        """Of the differences between parents and children of the same several trainings, by how these are made."""
        found: dict[str, list[SeedVariance]] = {}
        for child, sample in self._samples.items():
            alike = (ids for ids in self._samples if ids != child and self._roots[ids] == self._roots[child])
            parent = next((ids for ids in alike if self._parents[child] <= set(ids)), None)
            if parent and (variance := sample.less(self._samples[parent]).variance):
                found.setdefault(self._made[child], []).append(variance)
        return found

    @cached_property
    def _common_step(self) -> SeedVariance | None:
        """What differences between models of the same trainings have in common."""
        groups = [[self._samples[run_ids] for run_ids in group] for group in self._by_roots.values()]
        steps = [sample.less(samples[0]).variance for samples in groups for sample in samples[1:]]
        return prior([v for v in steps if v])
