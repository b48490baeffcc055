"""A whole command: open the store, read the data, plan, run, measure, sum up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Literal

from rich.console import Console
from rich.table import Table

from bench.data import Prepared, find_prepared
from bench.data.label_shape import check_recipes, need_one_label
from bench.data.user_file import told_by
from bench.errors import NOTHING_RAN, SOME_RUNS_FAILED
from bench.registry import load_recipe
from bench.run.datasets import prepare_all
from bench.run.engine import Engine, LocalEngine
from bench.run.estimate import Estimate, estimate
from bench.run.execute import Executor
from bench.run.history import spent_runs, task_of
from bench.run.lineage import Lineage
from bench.run.plan import CachePolicy, PlannedRun, Planner
from bench.run.queue import Queue, Waiting, preview
from bench.run.rounds import measure_all
from bench.run.screen import Screen
from bench.run.side_by_side import SideBySide
from bench.schema import Result
from bench.spec import RunSpec
from bench.store import Store
from bench.stores import open_store
from bench.trackers import Tracker, TrackerName, tracker

ExecutorName = Literal["local", "ray"]


@dataclass(frozen=True)
class RunOptions:
    """How to run, apart from what."""

    store: Path
    cache: CachePolicy = "reuse"
    device: str = "auto"
    timeout: float = 6 * 3600.0
    limit: int | None = None
    rounds: int | None = None
    track: TrackerName | None = None
    executor: ExecutorName = "local"
    ray_address: str | None = None
    """Of the cluster, with the executor `ray`; none is Ray on this machine."""

    def opened(self) -> Store:
        """The store; by its whole path where other processes, of other folders, look for it."""
        return open_store(self.store if self.executor == "local" else self.store.resolve())


class _Tracked(Screen):
    """A screen that also logs every result with a tracker."""

    def __init__(self, console: Console, runs: int, tracker: Tracker | None) -> None:
        super().__init__(console, runs)
        self._tracker = tracker
        self._one_at_a_time = Lock()

    def finished(self, result: Result) -> None:
        """Shown, then tracked; of runs that end at once one after the other, as trackers have one run open."""
        with self._one_at_a_time:
            super().finished(result)
            if self._tracker is not None:
                self._tracker.log(result)


def run_specs(specs: Sequence[RunSpec], optional: set[str], options: RunOptions, console: Console) -> int:
    """Do what is due of `specs` and return the exit code."""
    store = options.opened()
    with store.writing():
        store.refresh()
        refs = {spec.dataset.name: spec.dataset for spec in specs}
        with console.status("Reading and verifying the data sets …"):
            prepared, left_out = prepare_all(refs.values(), optional, store, options.limit)
        for line in left_out:
            console.print(f"[yellow]left out[/] {line}", highlight=False, soft_wrap=True)
        runnable = [spec for spec in specs if spec.dataset.name in prepared]
        _check_label_shapes(runnable, prepared)
        planner = Planner(prepared, store, options.cache, options.device)
        previewed = preview(runnable, planner)
        print_plan(previewed, console)
        due = sum(run.due in ("train", "predict") for run in previewed)
        listener = tracker(options.track, store.root) if options.track else None
        anything = any(run.due in ("train", "predict", "measure") for run in previewed)
        with engine_of(options) if anything else nullcontext(LocalEngine()) as engine:
            return _execute(previewed, planner, options, _Tracked(console, due, listener), engine)


def _check_label_shapes(specs: Iterable[RunSpec], prepared: Mapping[str, Prepared]) -> None:
    """A `BenchError` where a recipe does not learn labels as its data set has them."""
    for name, data in prepared.items():
        own = [spec for spec in specs if spec.dataset.name == name]
        check_recipes([recipe for spec in own for recipe in _trained(spec)], Path(name).name, data.meta.notes)
        if any(spec.per_label for spec in own):
            need_one_label("--per-label", Path(name).name, data.meta.notes)


def _trained(spec: RunSpec) -> tuple[str, ...]:
    """The recipe of a run, and that of its student, where it has one."""
    control = load_recipe(spec.recipe).resolve(spec.params).control
    return (spec.recipe,) if control is None else (spec.recipe, control[0])


def engine_of(options: RunOptions) -> AbstractContextManager[Engine]:
    """What carries out the phases, for as long as it is entered."""
    if options.executor == "local":
        return nullcontext(LocalEngine())
    from bench.run.ray_engine import ray_engine

    return ray_engine(options.store, options.ray_address)


def _execute(
    previewed: Sequence[PlannedRun | Waiting], planner: Planner, options: RunOptions, screen: _Tracked, engine: Engine
) -> int:
    executor = Executor(planner.store, screen, options.device, options.timeout, options.rounds, engine)
    queue = (Queue if engine.parallel == 1 else SideBySide)(
        planner, executor, Lineage(planner.store), screen.print_line
    )
    planned: dict[str, PlannedRun] = {}
    done: dict[str, Result] = {}
    with screen:
        for p, result in queue.run(previewed):
            planned[p.run_id] = p
            if result is not None and p.due in ("train", "predict"):
                done[p.run_id] = result
        timed = [p for p in planned.values() if _to_measure(p, done)]
        if timed:
            done |= _measured(executor, timed, done, screen)
    return _sum_up(list(planned.values()), done, screen.console, planner.store)


def _measured(
    executor: Executor, runs: Sequence[PlannedRun], done: Mapping[str, Result], screen: Screen
) -> dict[str, Result]:
    """The rows with their times, in one session; those that another command has measured meanwhile stay as they are."""
    store = executor.store
    with executor.engine.alone(
        store, lambda line: screen.print_line(f"To measure alone: this machine is {line}; waiting")
    ):
        elsewhere = {}
        store.refresh([run.run_id for run in runs])
        for run in runs:
            seen, now = done.get(run.run_id, run.stored), store.find(run.run_id)
            if now is not None and now != seen and now.measurement is not None:
                elsewhere[run.run_id] = now
        left = [run for run in runs if run.run_id not in elsewhere]
        if left:
            screen.print_line(
                f"Measuring {len(left)} model(s), one process at a time; leave the machine alone meanwhile."
            )
        screen.start_over(len(left))
        return elsewhere | {result.run_id: result for result in measure_all(executor, left, screen.print_line)}


def _to_measure(planned: PlannedRun, done: Mapping[str, Result]) -> bool:
    """Those measured for the first time; a run trained again had its old timing with its old artifact."""
    if not planned.spec.measured:
        return False
    if planned.due == "measure":
        return True
    return planned.run_id in done and done[planned.run_id].outcome.status == "ok"


def _sum_up(planned: Sequence[PlannedRun], done: Mapping[str, Result], console: Console, store: Store) -> int:
    rows = {p.run_id: done.get(p.run_id, p.stored) for p in planned}
    states = Counter(row.outcome.status if row else "skipped" for row in rows.values())
    cached = sum(1 for p in planned if p.due == "nothing")
    summary = ", ".join(f"{count} {state}" for state, count in states.items()) or "no runs"
    console.print(f"{summary}; {cached} of {len(rows)} from the store {store.place}", highlight=False, soft_wrap=True)
    failed = sum(count for state, count in states.items() if state not in ("ok", "skipped"))
    if not states["ok"]:
        return NOTHING_RAN
    return SOME_RUNS_FAILED if failed else 0


def print_plan(runs: Sequence[PlannedRun | Waiting], console: Console) -> None:
    """What is stored, what is due, and why."""
    due = [run for run in runs if run.due != "nothing"]
    if not due:
        console.print(f"Everything is cached: all {len(runs)} runs are in the store.", highlight=False)
        return
    table = Table("run", "due", "why", title=f"{len(due)} of {len(runs)} runs are due", title_justify="left")
    for run in due:
        table.add_row(run.spec.title.replace("[", r"\["), run.due, run.why.replace("[", r"\["))
    console.print(table)


def dry_run(specs: Sequence[RunSpec], options: RunOptions, console: Console) -> Estimate:
    """Print what a command would do, without starting anything or storing data; return what it would cost."""
    store = open_store(options.store)
    prepared: dict[str, Prepared] = {}
    for spec in specs:
        ready = find_prepared(spec.dataset, store.prepared, options.limit)
        if ready is not None:
            prepared[spec.dataset.name] = ready
    unread = [spec for spec in specs if spec.dataset.name not in prepared]
    for ref in {spec.dataset.name: spec.dataset for spec in unread}.values():
        if ref.path is not None:  # what is wrong with a user's file is told now, not when a night's runs begin
            notes = told_by(ref.path, ref.reading).notes
            check_recipes([spec.recipe for spec in unread if spec.dataset == ref], ref.path.name, notes)
    for spec in unread:
        console.print(f"{spec.title}: train (its data set has not been read yet)", highlight=False, markup=False)
    readable = [spec for spec in specs if spec.dataset.name in prepared]
    runs: list[PlannedRun | Waiting] = [Waiting(spec) for spec in unread]
    _check_label_shapes(readable, prepared)
    if readable:
        previewed = preview(readable, Planner(prepared, store, options.cache, options.device))
        print_plan(previewed, console)
        runs += previewed
    due = [run for run in runs if run.due in ("train", "predict", "measure")]
    tasks = [task_of(run, store, prepared.get(run.spec.dataset.name), options.rounds) for run in due]
    asked = [(task, run.due, run.spec.measured) for task, run in zip(tasks, due, strict=True)]
    return estimate(asked, spent_runs(store) if due else [])
