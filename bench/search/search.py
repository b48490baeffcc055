"""A whole search: its study, the trials, the summary, and the best parameters run anew."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from optuna.study import Study
from optuna.trial import FrozenTrial
from rich.console import Console

from bench.errors import NOTHING_RAN, BenchError
from bench.run.keys import git_state, shown_params
from bench.search.objective import Objective
from bench.search.question import Question, SearchOptions, ask, fresh_seeds
from bench.search.rerun import command, refit_specs, run_when_free
from bench.search.sampler import SLOT, SlotSampler
from bench.search.screen import SearchScreen, best_table
from bench.search.space import distributions, inside, plain_space
from bench.search.storage import default_url, open_storage
from bench.search.study import open_study
from bench.search.summarize import write_summary
from bench.search.summary import Summary
from bench.search.trials import Trials
from bench.search.workplace import one_at_a_time, workplace
from bench.spec import RunSpec
from bench.store import Store


class NothingFoundError(BenchError):
    """No trial came to a value."""

    exit_code = NOTHING_RAN


class Search:
    """One call of the command."""

    def __init__(self, options: SearchOptions, console: Console) -> None:
        self.options, self.console = options, console
        self.folder = Store(options.run.store).searches

    def run(self) -> int:
        """Search, show, run the best anew; the exit code."""
        with workplace(self.folder) as work:
            with self.console.status("Reading and verifying the data set …"):
                question = ask(self.options, work)
            summary = self._search(question, work)
        self._show(question, summary)
        return self._run_best(question, summary)

    def _search(self, question: Question, work: Path) -> Summary:
        options, space = self.options, distributions(question.space)
        sampler = SlotSampler(options.seed, inside(question.space, question.recipe.defaults), space)
        url = options.storage or default_url(self.folder, question.name)
        with one_at_a_time(self.folder, question.name):
            study = open_study(open_storage(url), question.name, question.parts, options.metric, sampler)
        screen = SearchScreen(self.console, options.trials, options.metric)
        objective = Objective(
            question, space, options.metric, options.seed, options.trials, work, Store(options.run.store).cache,
            options.dataset.data_dir, screen, options.run.device, options.run.timeout,
        )  # fmt: skip
        self.console.print(f"study {question.name}: {options.trials} trials over {', '.join(question.space)}")

        def ended(trial: FrozenTrial) -> None:
            summary = self._summary(study, question)
            screen.ended(summary, next(t for t in summary.trials if t.number == trial.user_attrs[SLOT] + 1))

        deadline = None if options.minutes is None else time.monotonic() + 60 * options.minutes
        with screen:
            Trials(study, objective, self.folder, deadline, ended, screen.waiting).run()
        return self._summary(study, question)

    def _summary(self, study: Study, question: Question) -> Summary:
        options, prepared = self.options, question.prepared
        facts = {
            "recipe": question.recipe.name, "dataset": prepared.name, "limit": prepared.meta.limit,
            "metric": options.metric, "seed": options.seed, "asked": options.trials, "fixed": question.shown,
            "space": plain_space(question.space), "question": question.parts, "git_commit": git_state()[0],
        }  # fmt: skip

        def reproduce(suggested: Mapping[str, Any]) -> str:
            return self._command(question, suggested, published=True)

        return write_summary(study, self.folder, facts, reproduce, self._private(question))

    def _command(self, question: Question, suggested: Mapping[str, Any], published: bool = False) -> str:
        """What trains these parameters; as it is `published`, with names in place of the user's paths."""
        options, params, more = self.options, question.params(suggested), self.options.run_arguments
        dataset, folder = options.dataset.name, options.dataset.data_dir
        if published:
            params, dataset = (
                shown_params(question.recipe.resolve(params), params, question.parts),
                question.prepared.name,
            )
            more = tuple(folder.name if folder and word == str(folder) else word for word in more)
        return command(question.recipe, params, dataset, options.seeds or fresh_seeds(options.seed), more)

    def _private(self, question: Question) -> list[Path]:
        """The user's paths, which a summary does not tell."""
        ref = self.options.dataset
        return [
            *question.recipe.resolve(question.params({})).paths.values(),
            *(p for p in (ref.path, ref.data_dir) if p),
        ]

    def _show(self, question: Question, summary: Summary) -> None:
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
            f"the best: {self._command(question, summary.best_trial.params)}",
        ):
            self.console.print(line, highlight=False, soft_wrap=True, markup=False)

    def _run_best(self, question: Question, summary: Summary) -> int:
        options, best = self.options, summary.best_trial
        assert best is not None  # `_show` has refused a summary without one
        seeds = options.seeds or ((options.seed,) if options.refit else ())
        specs = [
            RunSpec(
                options.recipe,
                question.params(best.params),
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
            again = refit_specs(specs, question, options.run, best)
            codes.append(run_when_free(again, options.run, self.console))
        return max(codes)
