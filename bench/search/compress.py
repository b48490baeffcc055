"""A search for smaller children of one run: score against size and latency, on validation, inside given bounds."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import optuna
from optuna.trial import BaseTrial, FrozenTrial, Trial, TrialState
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench.data.label_shape import check_recipes
from bench.data.manifest import metric_of
from bench.errors import NEGATIVE_VERDICT, NOTHING_RAN, BenchError
from bench.measure.schedule import schedule_of
from bench.metrics import written
from bench.registry import load_recipe
from bench.run.datasets import dataset_of, prepared_dataset
from bench.run.engine import Engine
from bench.run.execute import Executor
from bench.run.keys import Parent, artifact_parts, digest
from bench.run.plan import Planner, parent_of
from bench.run.suite import RunOptions, engine_of, run_specs
from bench.search.assess import AssessmentError, costs_of, validation_of, value_of
from bench.search.chains import Step, alone, chain_of, chain_title, suggest_chain
from bench.search.judgement import Goals, Judgement, Validation
from bench.search.screen import SearchScreen
from bench.search.storage import default_url, open_storage
from bench.search.targets import Costs, Targets, as_text
from bench.spec import RunSpec

ROUNDS = 3
"""Fresh processes that time a candidate: fewer than of a published time, as there are many candidates."""
REASON = "reason"
"""User attribute of a trial that failed."""
COSTS, DROP = "costs", "drop"
"""User attributes of a complete trial: all costs, and the drop with what validation leaves open of it."""


@dataclass(frozen=True)
class CompressOptions:
    """What to make smaller, and how."""

    parent: str
    steps: tuple[Step, ...]
    targets: Targets
    max_drop: float | None
    """What may be lost against the parent of the data set's metric, on validation; None for any."""
    trials: int
    seed: int
    data_dir: Path | None
    run: RunOptions
    minutes: float | None = None
    """After which no other chain is tried; None for as long as the trials take."""


@dataclass(frozen=True)
class Candidate:
    """A chain that was tried."""

    spec: RunSpec
    score: float
    """On validation, by the data set's metric."""
    drop: tuple[float, float]
    """Against the parent, and the largest that validation leaves open."""
    costs: Costs
    feasible: bool

    @property
    def values(self) -> tuple[float, float, float]:
        """All to be small."""
        return -self.score, self.costs.size, self.costs.p50


class Compress:
    """One call of the command."""

    def __init__(self, options: CompressOptions, console: Console) -> None:
        self.console = console
        self.store = options.run.opened()
        self.parent = self.store.result(options.parent)
        data = self.parent.data
        check_recipes([step.recipe for step in options.steps], data.dataset, data.notes)
        # a child of a smoke run is one too: what was trained on a few rows is judged, and timed, as a rehearsal
        self.metric = metric_of(self.parent.data.dataset, self.parent.data.notes)
        steps = tuple(replace(step, metric=self.metric) for step in options.steps)
        self.options = replace(options, steps=steps, run=replace(options.run, limit=self.parent.data.limit))
        self.goals = Goals(self.metric, options.max_drop, options.targets.scores)
        self.validation = self._validation()
        self.dataset = dataset_of(self.parent.data, self.store, options.data_dir)

    def run(self) -> int:
        """Search, show the Pareto set, run it as ordinary runs; the exit code."""
        with self.store.lock():
            self.store.sweep()
            self.prepared = prepared_dataset(self.dataset, self.store, self.options.run.limit)
            if not self.store.is_intact(str(self.parent.identity.artifact)):
                raise BenchError(f"the artifact of {self.options.parent} is not in the store: train that run again")
            with engine_of(self.options.run) as engine:
                candidates = self._search(engine)
        if not candidates:
            self.console.print("no chain could be made; the reasons are above", highlight=False)
            return NOTHING_RAN
        front = pareto([c for c in candidates if c.feasible])
        self._show(front or pareto(candidates), bool(front))
        if not front:
            return NEGATIVE_VERDICT
        steps = {step.identity: step for candidate in front for step in chain_of(candidate.spec)}
        ends = {c.spec.identity for c in front}
        specs = [replace(spec, measured=spec.identity in ends) for spec in steps.values()]
        return run_specs(specs, set(), self.options.run, self.console)

    def _validation(self) -> Validation:
        stored = self.store.arrays(self.parent.run_id, "predictions")
        labels, probabilities = stored.get("validation_labels"), stored.get("validation_probabilities")
        if labels is None or probabilities is None or not len(labels):
            raise BenchError(f"{self.parent.run_id} has no validation predictions to judge a drop by: train it again")
        validation = Validation(labels, probabilities, self.goals)
        validation.check()
        return validation

    @property
    def _study_name(self) -> str:
        """With a hash of all that the trials have in common: another question is another study."""
        options = self.options
        common = {
            "parent": self.parent.identity.artifact, "targets": options.targets.text, "max_drop": options.max_drop,
            "seed": options.seed, "steps": [[s.recipe, sorted(s.space), self._parts(s)] for s in options.steps],
        }  # fmt: skip
        common |= {"metric": self.metric, "judged": "by the one-sided interval"}  # once the bare difference
        return f"compress-{options.parent}-{digest(common)[:8]}"

    def _parts(self, step: Step) -> dict[str, str]:
        """All that determines what a step makes, except what is searched: data, code, packages, fixed parameters."""
        recipe, options = load_recipe(step.recipe), self.options
        params = step.params({})
        return artifact_parts(
            recipe, recipe.resolve(params), params, options.seed, self.prepared.train_hash, options.run.device
        )

    def _search(self, engine: Engine) -> list[Candidate]:
        name = self._study_name
        self.store.searches.mkdir(parents=True, exist_ok=True)
        study = optuna.create_study(
            storage=open_storage(default_url(self.store.searches, name)), study_name=name, load_if_exists=True,
            directions=["maximize", "minimize", "minimize"], sampler=optuna.samplers.TPESampler(seed=self.options.seed),
        )  # fmt: skip
        for dead in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            study.tell(dead.number, state=TrialState.FAIL)  # its process was killed: another takes its place
        if not study.trials:
            for params in alone(self.options.steps):
                study.enqueue_trial(params)
        screen = SearchScreen(self.console, self.options.trials, self.metric)
        executor = Executor(self.store, screen, self.options.run.device, self.options.run.timeout, engine=engine)
        end = time.monotonic() + 60 * (self.options.minutes or math.inf)
        with screen:
            while len(_ended(study)) < self.options.trials and time.monotonic() < end:
                study.optimize(lambda trial: self._try(trial, name, executor), n_trials=1, catch=(AssessmentError,))
                screen.print_line(self._line(_ended(study), name))
        candidates = [self._candidate(trial, name) for trial in _ended(study) if trial.values]
        return [candidate for candidate in candidates if candidate is not None]

    def _try(self, trial: Trial, name: str, executor: Executor) -> tuple[float, float, float]:
        folder = self.store.work / f"trial-{trial.number}"
        try:
            artifact = self._artifact(self._chain(trial, name), executor, folder)
            judged, costs = self._judge(artifact, executor, folder)
        except AssessmentError as error:
            trial.set_user_attr(REASON, str(error))
            raise
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        for name, excess in {**judged.shortfalls, **self.options.targets.excess(costs)}.items():
            trial.set_constraint(name, excess)
        trial.set_user_attr(COSTS, asdict(costs))
        trial.set_user_attr(DROP, (judged.drop.value, judged.drop.most()))
        return judged.score, costs.size, costs.p50

    def _line(self, ended: Sequence[FrozenTrial], name: str) -> str:
        """The log line of the last trial that has ended."""
        trial = ended[-1]
        spec = self._chain(optuna.trial.FixedTrial(trial.params), name)
        head = f"trial {len(ended)}/{self.options.trials}: {chain_title(spec) if spec else 'the parent itself'}"
        if not trial.values:
            return f"{head}: {trial.user_attrs[REASON]}"
        score, size, p50 = trial.values
        side = "inside" if _feasible(trial) else "outside"
        return f"{head}: {written(self.metric)} {score:.4f}, {size / 1e6:.2f} MB, {p50:.2f} ms; {side} the bounds"

    def _chain(self, trial: BaseTrial, name: str) -> RunSpec | None:
        options = self.options
        return suggest_chain(
            trial, options.steps, options.parent, self.dataset, self.parent.identity.seed, name, options.run.limit
        )

    def _artifact(self, spec: RunSpec | None, executor: Executor, folder: Path) -> Path:
        """The folder of the last child of a chain, every step trained that the store lacks."""
        parent = parent_of(self.parent)
        planner = Planner({self.dataset.name: self.prepared}, self.store, "reuse", self.options.run.device)
        for step in chain_of(spec) if spec else []:
            planned = planner.plan(step, [parent])
            ended = executor.artifact(planned, folder / step.recipe)
            trained = value_of(ended, step.title)
            parent = Parent(planned.run_id, trained.artifact, planned.parts["normalization"])
        return self.store.artifact(parent.artifact)

    def _judge(self, artifact: Path, executor: Executor, folder: Path) -> tuple[Judgement, Costs]:
        """What validation shows of an artifact, and its costs."""
        executor.listener.phase(artifact.name[:12], "validate")
        judged = self.validation.judge(*validation_of(artifact, self.prepared, executor, folder))
        executor.listener.phase(artifact.name[:12], "measure")
        schedule = schedule_of(self.options.run.limit)
        return judged, costs_of(artifact, self.prepared, executor, folder, schedule, ROUNDS)

    def _candidate(self, trial: FrozenTrial, name: str) -> Candidate | None:
        """What a finished trial made; None for the parent itself."""
        spec = self._chain(optuna.trial.FixedTrial(trial.params), name)
        if spec is None:
            return None
        drop, largest = trial.user_attrs[DROP]
        return Candidate(spec, trial.values[0], (drop, largest), Costs(**trial.user_attrs[COSTS]), _feasible(trial))

    def _show(self, front: Sequence[Candidate], inside: bool) -> None:
        bounds = self.options.targets.text + self.goals.text
        table = Table(title=f"Pareto set inside {bounds}" if inside else f"nothing keeps to {bounds}; the nearest",
                      title_justify="left", box=None, header_style="bold")  # fmt: skip
        shown = [*dict.fromkeys(("size", "p50", *self.options.targets.costs))]
        for title in ("chain", f"{written(self.metric)} (validation)", "drop (at most)", *shown):
            table.add_column(title, overflow="fold", no_wrap=title != "chain")
        for c in sorted(front, key=lambda c: c.values):
            costs = (as_text(name, getattr(c.costs, name)) for name in shown)
            drop, largest = c.drop
            table.add_row(escape(chain_title(c.spec)), f"{c.score:.4f}", f"{drop:+.4f} ({largest:+.4f})", *costs)
        self.console.print(table)


def _feasible(trial: FrozenTrial) -> bool:
    return max(trial.constraints.values()) <= 0


def _ended(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that count: complete ones, and those that failed with a reason; not those that were killed."""
    return [t for t in study.get_trials(deepcopy=False) if t.state == TrialState.COMPLETE or REASON in t.user_attrs]


def pareto(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Those that no other beats in one of score, size and latency without being worse in another; chains once."""

    def dominates(a: Candidate, b: Candidate) -> bool:
        return a.values != b.values and all(x <= y for x, y in zip(a.values, b.values, strict=True))

    distinct = {c.spec.identity: c for c in candidates}.values()
    return [c for c in distinct if not any(dominates(other, c) for other in distinct)]
