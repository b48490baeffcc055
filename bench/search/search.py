"""A whole search: its study, the trials, the summary, and the best parameters run again."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from optuna.study import Study
from optuna.trial import FrozenTrial
from rich.console import Console

from bench.contract import Params
from bench.errors import NOTHING_RAN, BenchError
from bench.git import git_state
from bench.run.engine import Engine
from bench.run.keys import shown_params
from bench.run.suite import engine_of
from bench.search.definition import SearchOptions, StudyDefinition, define, fresh_seeds
from bench.search.objective import Objective
from bench.search.rerun import command, refit_specs, run_when_free
from bench.search.sampler import SLOT, SlotSampler
from bench.search.screen import SearchScreen, best_table
from bench.search.space import distributions, inside, plain_space
from bench.search.storage import default_url, open_storage
from bench.search.study import open_study
from bench.search.summarize import write_summary
from bench.search.summary import StudyFacts, Summary
from bench.search.trials import Trials
from bench.search.worker_folder import one_at_a_time, worker_folder
from bench.spec import RunSpec


class NothingFoundError(BenchError):
    """No trial came to a value."""

    exit_code = NOTHING_RAN


class Search:
    """One call of the command."""

    def __init__(self, options: SearchOptions, console: Console) -> None:
        self.options, self.console = options, console
        self.folder = options.run.opened().searches

    def run(self) -> int:
        """Search, show, run the best again; the exit code."""
        with worker_folder(self.folder) as work:
            with self.console.status("Reading and verifying the data set …"):
                definition = define(self.options, work)
            summary = self._search(definition, work)
        self._show(definition, summary)
        return self._run_best(definition, summary)

    def _search(self, definition: StudyDefinition, work: Path) -> Summary:
        options = self.options
        study = self._study(definition)
        screen = SearchScreen(self.console, options.trials, definition.metric)
        self.console.print(f"study {definition.name}: {options.trials} trials over {', '.join(definition.space)}")
        deadline = None if options.minutes is None else time.monotonic() + 60 * options.minutes
        with engine_of(options.run) as engine, screen:
            if engine.parallel == 1:
                self._trials(definition, study, engine, screen, work, deadline).run()
            else:
                self._side_by_side(definition, engine, screen, deadline)
        return self._summary(study, definition)

    def _study(self, definition: StudyDefinition) -> Study:
        space = distributions(definition.space)
        sampler = SlotSampler(self.options.seed, inside(definition.space, definition.recipe.defaults), space)
        url = self.options.storage or default_url(self.folder, definition.name)
        with one_at_a_time(self.folder, definition.name):
            return open_study(open_storage(url), definition.name, definition.parts, definition.metric, sampler)

    def _trials(
        self,
        definition: StudyDefinition,
        study: Study,
        engine: Engine,
        screen: SearchScreen,
        work: Path,
        deadline: float | None,
    ) -> Trials:
        options = self.options
        objective = Objective(
            definition, engine, distributions(definition.space), options.seed, options.trials, work,
            options.run.opened().cache, options.dataset.data_dir, screen, options.run.device, options.run.timeout,
        )  # fmt: skip

        def ended(trial: FrozenTrial) -> None:
            summary = self._summary(study, definition)
            screen.ended(summary, next(t for t in summary.trials if t.number == trial.user_attrs[SLOT] + 1))

        return Trials(study, objective, self.folder, deadline, ended, screen.waiting)

    def _side_by_side(
        self, definition: StudyDefinition, engine: Engine, screen: SearchScreen, deadline: float | None
    ) -> None:
        """As several commands would search one study: each thread with a folder and a connection of its own."""

        def one() -> None:
            with worker_folder(self.folder) as work:
                self._trials(definition, self._study(definition), engine, screen, work, deadline).run()

        count = min(engine.parallel, self.options.trials)
        with ThreadPoolExecutor(count, "trials") as pool:
            try:
                for ended in as_completed([pool.submit(one) for _ in range(count)]):
                    ended.result()
            except BaseException:
                engine.stop()  # or its threads would be waited for
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _summary(self, study: Study, definition: StudyDefinition) -> Summary:
        options, prepared = self.options, definition.prepared
        facts = StudyFacts(
            recipe=definition.recipe.name, dataset=prepared.name, limit=prepared.meta.limit, metric=definition.metric,
            seed=options.seed, asked=options.trials, fixed=dict(definition.shown), space=plain_space(definition.space),
            question=definition.parts, git_commit=git_state()[0],
        )  # fmt: skip

        def reproduce(suggested: Params) -> str:
            return self._command(definition, suggested, published=True)

        return write_summary(study, self.folder, facts, reproduce, self._private(definition))

    def _command(self, definition: StudyDefinition, suggested: Params, published: bool = False) -> str:
        """What trains these parameters; as it is `published`, with names in place of the user's paths."""
        options, more = self.options, self.options.run_arguments
        params: Params = definition.params(suggested)
        dataset, reading = options.dataset.name, options.dataset.reading
        if published:
            params, dataset = (
                shown_params(definition.recipe.resolve(params), params, definition.parts),
                definition.prepared.name,
            )
            paths = (options.dataset.data_dir, reading.test_file, reading.validation_file)
            names = {str(path): path.name for path in paths if path}
            more = tuple(names.get(argument, argument) for argument in more)
        return command(definition.recipe, params, dataset, options.seeds or fresh_seeds(options.seed), more)

    def _private(self, definition: StudyDefinition) -> list[Path]:
        """The user's paths, which a summary leaves out."""
        ref = self.options.dataset
        return [
            *definition.recipe.resolve(definition.params({})).paths.values(),
            *(p for p in (ref.path, ref.data_dir, ref.reading.test_file, ref.reading.validation_file) if p),
        ]

    def _show(self, definition: StudyDefinition, summary: Summary) -> None:
        if summary.best_trial is None:
            failed = [trial for trial in summary.trials if trial.state == "failed"]
            if not failed:
                raise NothingFoundError("no trial ended in time; give more --minutes")
            raise NothingFoundError(f"all {len(failed)} trials failed, the first: {failed[0].reason}")
        counts = ", ".join(f"{n} {state}" for state in ("complete", "pruned", "failed") if (n := summary.count(state)))
        replaced = f"; {summary.killed} killed, others took their places" if summary.killed else ""
        self.console.print(best_table(summary))
        for line in (
            f"{len(summary.finished)} trials: {counts}{replaced}",
            f"summary: {self.folder / summary.study}.json",
            f"the best: {self._command(definition, summary.best_trial.params)}",
        ):
            self.console.print(line, highlight=False, soft_wrap=True, markup=False)

    def _run_best(self, definition: StudyDefinition, summary: Summary) -> int:
        options, best = self.options, summary.best_trial
        assert best is not None  # `_show` has refused a summary without one
        seeds = options.seeds or ((options.seed,) if options.refit else ())
        specs = [
            RunSpec(
                options.recipe,
                definition.params(best.params),
                options.dataset,
                seed,
                options.run.limit,
                measured=options.measure == "all" or (options.measure == "first_seed" and seed == seeds[0]),
                suite=f"search:{summary.study}",
            )
            for seed in seeds
        ]
        codes = [run_when_free(specs, options.run, self.console)] if options.seeds else [0]
        if options.refit:
            again = refit_specs(specs, definition, options.run, best)
            codes.append(run_when_free(again, options.run, self.console))
        return max(codes)
