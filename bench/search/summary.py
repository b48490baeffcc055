"""What is published of a study: one plain JSON file, read without Optuna."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Literal, TypedDict

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bench.errors import BenchError, one_line, warn_skipped
from bench.search.space import PlainSpace

VERSION = 1
State = Literal["complete", "pruned", "failed", "running"]


class _Closed(BaseModel):
    """A closed part of a summary: unknown fields are errors, numbers are finite."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class TrialRow(_Closed):
    """One trial."""

    number: int = Field(description="From 1, its place among the requested trials.")
    state: State
    value: float | None = Field(None, description="The metric on validation; of complete trials alone.")
    params: dict[str, Any] = Field(description="What was suggested; the rest is in `Summary.fixed`.")
    epochs: int | None = Field(None, description="That were run, of a pruned one up to its end; null without epochs.")
    best_epoch: int | None = None
    intermediate: dict[str, float | None] = Field(
        default_factory=dict,
        description="By epoch from 1: the validation score that the training reported.",
    )
    validation: dict[str, float] = Field(default_factory=dict, description="All scores of a complete trial.")
    reason: str | None = Field(None, description="Why it failed, in one line.")
    seconds: float | None = None
    started_at: str | None = Field(None, description="Local time of the machine that ran it, ISO 8601.")


class StudyFacts(TypedDict):
    """The fields of a summary that no trial changes."""

    recipe: str
    dataset: str
    limit: int | None
    metric: str
    seed: int
    asked: int
    fixed: dict[str, Any]
    space: PlainSpace
    question: dict[str, str]
    git_commit: str | None


class Summary(_Closed):
    """A study as a report shows it. Every score in it is of validation; the test split was not opened."""

    search_version: Literal[1] = 1
    study: str
    recipe: str
    dataset: str
    limit: int | None
    metric: str
    direction: Literal["maximize", "minimize"]
    seed: int
    asked: int = Field(description="Trials requested.")
    killed: int = Field(description="Trials whose process died; others took their places, and they count nowhere.")
    fixed: dict[str, Any] = Field(description="Parameters that were not searched.")
    space: PlainSpace = Field(description="What was tried: choice, uniform or log_uniform.")
    question: dict[str, str] = Field(description="What all trials have in common, as in `identity.key_parts`.")
    trials: list[TrialRow]
    best: int | None = Field(None, description="Number of the best complete trial.")
    command: str | None = Field(None, description="What trains the best parameters.")
    importances: dict[str, float] = Field(
        default_factory=dict, description="Share of each parameter in the differences between values, by PED-ANOVA."
    )
    written_at: str
    git_commit: str | None = None

    @property
    def best_trial(self) -> TrialRow | None:
        """The best complete trial."""
        return next((trial for trial in self.trials if trial.number == self.best), None)

    @property
    def finished(self) -> list[TrialRow]:
        """Those that have ended."""
        return [trial for trial in self.trials if trial.state != "running"]

    def ranked(self) -> list[TrialRow]:
        """Complete trials from the best down, then the pruned, the failed and the running ones by number."""
        sign = 1 if self.direction == "minimize" else -1
        order = ("complete", "pruned", "failed", "running")
        return sorted(self.trials, key=lambda t: (order.index(t.state), sign * (t.value or 0.0), t.number))

    def count(self, state: State) -> int:
        """How many trials are in that state."""
        return sum(trial.state == state for trial in self.trials)


def summaries(folder: Path) -> list[Summary]:
    """Every study of a store or of published reports, by name; a file that is no summary is skipped with a warning."""
    read = []
    for path in sorted(folder.glob("*.json")):
        try:
            read.append(read_summary(path))
        except BenchError as error:
            warn_skipped("search", error)
    return read


def read_summary(path: Path) -> Summary:
    """One study."""
    try:
        summary = Summary.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        raise BenchError(f"{path}: field '{one_line('.'.join(map(str, first['loc'])))}': {first['msg']}") from None
    except OSError as error:
        raise BenchError(f"{path}: unreadable: {one_line(error)}") from None
    if f"{summary.study}.json" != path.name:  # it names files
        raise BenchError(f"{path}: its study is '{one_line(summary.study)}', not the name of the file")
    return summary


def disagreements(summary: Summary) -> list[str]:
    """Where a summary contradicts its own trials, a line each."""
    complete = [trial for trial in summary.trials if trial.state == "complete"]
    problems = [f"complete trial {t.number} has no value" for t in complete if t.value is None]
    pick = min if summary.direction == "minimize" else max
    values = [trial.value for trial in complete if trial.value is not None]
    top = pick(values) if values else None
    named = summary.best_trial.value if summary.best_trial else None
    if named != top:
        problems.append(f"best is trial {summary.best} with {named}, but the best value is {top}")
    for trial in complete:
        score = trial.validation.get(summary.metric)
        if trial.value is not None and (score is None or not math.isclose(score, trial.value, rel_tol=1e-9)):
            problems.append(f"trial {trial.number}: value {trial.value}, but its {summary.metric} is {score}")
    return problems
