"""A whole `bench auto`: race, children of the best, rows of what is worth it, times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from rich.console import Console

from bench.auto.bounds import excess
from bench.auto.halving import rungs
from bench.auto.journal import Journal
from bench.auto.offer import Offer, offered
from bench.auto.race import Race
from bench.auto.screen import AutoScreen
from bench.auto.trainer import Entrant, Trainer
from bench.data import DatasetRef, Prepared
from bench.data.label_shape import check_recipes
from bench.data.manifest import metric_of
from bench.errors import BenchError
from bench.identity import slug
from bench.machine import cores
from bench.measure.schedule import Schedule, schedule_of, thread_counts
from bench.metrics import Metric
from bench.params import parse_recipe
from bench.recommend.budget import Budget
from bench.run.datasets import prepared_dataset
from bench.run.execute import Executor
from bench.run.keys import digest
from bench.run.plan import current_measurement_key
from bench.run.remeasure import stored_run
from bench.run.rounds import measure_all
from bench.run.screen import Screen
from bench.run.suite import RunOptions, engine_of, run_specs
from bench.schema import Result
from bench.search.assess import validation_of
from bench.search.judgement import Goals, Labels, Probabilities, Validation
from bench.spec import RunSpec

START = 0.5
"""Seconds that a timed process takes at least, beside its samples."""


@dataclass(frozen=True)
class AutoOptions:
    """What to find, and in which time."""

    dataset: DatasetRef
    minutes: float
    budget: Budget
    metric: Metric | None
    """Which decides; None for the data set's own."""
    max_drop: float | None
    """What a child may lose of it against the best, on validation; None for any."""
    recipes: tuple[str, ...]
    """In order of promise; none for the table's."""
    seed: int
    run: RunOptions


class Auto:
    """One call of the command."""

    def __init__(self, options: AutoOptions, console: Console) -> None:
        self.options, self.console = options, console
        self.store, self.schedule = options.run.opened(), schedule_of(options.run.limit)
        self.offer = self._offer("accuracy")
        least = 2 * _seconds(self.schedule, START) / 60
        if options.minutes < least:
            raise BenchError(
                f"--minutes {options.minutes:g}: timing a single model takes about {least:.1f} minutes; "
                f"give {2 * least:.1f} or more"
            )

    def run(self) -> list[str]:
        """Train, compress, measure; the ids of the runs that were measured."""
        with self.store.lock():
            self.store.sweep()
            with self.console.status("Reading and verifying the data set …"):
                prepared = prepared_dataset(self.options.dataset, self.store, self.options.run.limit)
        check_recipes([parse_recipe(text)[0] for text in self.options.recipes], prepared.name, prepared.meta.notes)
        self.metric = self.options.metric or metric_of(prepared.name, prepared.meta.notes)
        self.offer = self._offer(self.metric)
        with Journal(self.store.auto / f"{self._name(prepared)}.json") as journal:
            screen = AutoScreen(self.console, self.options.minutes, self.metric, lambda: journal.elapsed)
            trainer = Trainer(
                self.store, self.options.dataset, self.options.seed, self.options.run, self.options.budget, self.metric,
                prepared, journal, screen,
            )  # fmt: skip
            self._introduce(trainer)
            with self.store.lock(), engine_of(self.options.run) as engine, screen:
                finalists = self._finalists(replace(trainer, engine=engine))
            specs = _with_parents([trainer.spec(e.model, e.tried.rows, e.of) for e in finalists])
            run_specs(specs, set(), self.options.run, self.console)
            return self._measure([entrant.tried.as_parent.run_id for entrant in finalists])

    def _offer(self, metric: Metric) -> Offer:
        return offered(self.options.recipes, self.options.run.limit is not None, metric)

    def _name(self, prepared: Prepared) -> str:
        """With a hash of the question; minutes are no part of it, so that more of them go on."""
        options, budget = self.options, self.options.budget
        question = {
            "train": prepared.train_hash, "test": prepared.test_hash, "limits": dict(budget.limits),
            "latency": budget.percentile, "threads": budget.threads, "metric": self.metric,
            "max_drop": options.max_drop, "seed": options.seed,
            "models": [model.name for model in (*self.offer.models, *self.offer.children)],
            "device": options.run.device, "limit": options.run.limit,
        }  # fmt: skip
        return f"{slug(prepared.name)}-{digest(question)[:8]}"

    def _introduce(self, trainer: Trainer) -> None:
        sizes = [f"{rows:,}" for rows in rungs(trainer.rows, self.options.run.limit is not None)]
        bounds = f", inside {self.options.budget.text}" if self.options.budget.limits else ""
        used = f"; {trainer.journal.elapsed / 60:.1f} are used" if trainer.journal.elapsed > 1 else ""
        trainer.screen.print_line(
            f"{len(self.offer.models)} models on {', '.join(sizes)} rows of {trainer.whole.name} in "
            f"{self.options.minutes:g} minutes{bounds}{used}"
        )

    def _finalists(self, trainer: Trainer) -> list[Entrant]:
        """What is worth a row and times, the most promising first; as many as there is time to time."""
        self._check_drop(trainer.whole)
        race = Race(trainer, 60 * self.options.minutes)
        raced = race.run(self.offer.models)
        children = race.children(raced[0], self.offer.children_of(raced[0].model))
        entrants = [*raced, *self._not_inferior(trainer, raced[0], children)]

        def promise(entrant: Entrant) -> tuple[float, float]:
            """Inside the bounds by the score, outside by how far."""
            return max(excess(self.options.budget, entrant.tried), 0.0), -trainer.score(entrant)

        remaining = 60 * self.options.minutes - max(e.tried.at for e in (*raced, *children))
        remaining -= _seconds(self.schedule, START)  # the reference workload
        finalists: list[Entrant] = []
        for entrant in sorted(entrants, key=promise):
            remaining -= _seconds(self.schedule, entrant.tried.round_seconds)
            if remaining >= 0 or not finalists:
                finalists.append(entrant)
            else:
                trainer.screen.left_out(entrant.name, "no time to time it")
        return finalists

    def _check_drop(self, prepared: Prepared) -> None:
        """A `BenchError` for a drop that the validation texts could not show of any model."""
        if self.options.max_drop is not None:
            labels = prepared.validation().labels
            perfect = np.eye(len(prepared.label_names), dtype=np.float32)[labels]
            Validation(labels, perfect, self._goals).check()

    @property
    def _goals(self) -> Goals:
        return Goals(self.metric, self.options.max_drop, {})

    def _not_inferior(self, trainer: Trainer, parent: Entrant, children: Sequence[Entrant]) -> list[Entrant]:
        """The children that are shown to lose no more than they may, where there is such a goal."""
        if self.options.max_drop is None or not children:
            return list(children)
        executor = trainer.executor(self.options.run.timeout)

        def predicted(entrant: Entrant) -> tuple[Labels, Probabilities]:
            folder = self.store.work / "drop" / entrant.tried.key
            return validation_of(self.store.artifact(entrant.tried.as_parent.artifact), trainer.whole, executor, folder)

        validation, kept = Validation(*predicted(parent), self._goals), []
        for child in children:
            drop = validation.judge(*predicted(child)).drop
            if drop.most() <= self.options.max_drop:
                kept.append(child)
            else:
                trainer.screen.left_out(child.name, f"it loses {drop.value:.4f}, and up to {drop.most():.4f} is open")
        return kept

    def _measure(self, run_ids: Sequence[str]) -> list[str]:
        """Time the runs in one session, unless one has timed them all; those that ended well."""
        results = [found for run_id in run_ids if (found := self.store.find(run_id)) and found.quality]
        sessions = {_session(result, self.options.run.limit) for result in results}
        if len(sessions) > 1 or None in sessions:
            with self.store.lock(), Screen(self.console, len(results)) as screen:
                screen.print_line(f"Measuring {len(results)} model(s); leave the machine alone meanwhile.")
                runs = [stored_run(self.store, result.run_id) for result in results]
                measure_all(Executor(self.store, screen, self.options.run.device), runs, screen.print_line)
        return [result.run_id for result in results]


def _session(result: Result, limit: int | None) -> str | None:
    """That timed it on this machine by today's protocol; None for none."""
    measured = result.measurement
    current = result.identity.measurement_key == current_measurement_key(result.identity.artifact or "", limit)
    return measured.session.id if measured and measured.session and current else None


def _seconds(schedule: Schedule, start: float) -> float:
    """That timing one contestant takes, from what a process of it takes to start."""
    return schedule.rounds * len(thread_counts(cores())) * (start + 2 * schedule.min_seconds)


def _with_parents(specs: Sequence[RunSpec]) -> list[RunSpec]:
    """Parents before their children, each once."""
    found = {}
    for spec in specs:
        for parent in spec.parents:
            if isinstance(parent, RunSpec):
                found[parent.identity] = parent
        found[spec.identity] = spec
    return list(found.values())
