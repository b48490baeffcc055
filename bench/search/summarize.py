"""From a study to its published summary."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import optuna
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from bench.clock import utc_now
from bench.contract import Params
from bench.durable import write_atomic
from bench.redact import without_paths
from bench.search.sampler import REASON, SLOT
from bench.search.space import tidy
from bench.search.study import best, counted, finished, lost
from bench.search.summary import State, StudyFacts, Summary, TrialRow

STATES: Mapping[TrialState, State] = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "running",
}


def write_summary(
    study: Study,
    searches: Path,
    facts: StudyFacts,
    command: Callable[[Params], str],
    private: Iterable[Path] = (),
) -> Summary:
    """Write `<study>.json` whole or not at all, and return it.

    `command` makes the command line that trains what a trial suggested. Paths in reasons, the `private` ones among
    them, are cut to names.
    """
    top = best(study)
    paths = (searches.parent, *private)
    made = Summary(
        **facts,
        study=study.study_name,
        direction="minimize" if study.direction == optuna.study.StudyDirection.MINIMIZE else "maximize",
        killed=lost(study),
        trials=[_row(trial, place, paths) for place, trial in enumerate(counted(study))],
        best=None if top is None else int(top.user_attrs[SLOT]) + 1,
        command=None if top is None else command(top.params),
        importances=importances(study),
        written_at=utc_now(),
    )
    write_atomic(searches / f"{study.study_name}.json", made.model_dump_json(indent=1).encode())
    return made


def _row(trial: FrozenTrial, place: int, private: Iterable[Path]) -> TrialRow:
    attributes = trial.user_attrs
    complete = trial.state == TrialState.COMPLETE
    reported = sorted(trial.intermediate_values.items())
    return TrialRow(
        number=int(attributes.get(SLOT, place)) + 1,
        state=STATES[trial.state],
        value=trial.value if complete else None,
        params=tidy(trial.params),
        epochs=attributes.get("epochs_run") or max(trial.intermediate_values, default=None),
        best_epoch=attributes.get("best_epoch"),
        intermediate={str(epoch): value if math.isfinite(value) else None for epoch, value in reported},
        validation=attributes.get("validation", {}) if complete else {},
        reason=without_paths(attributes[REASON], private) if REASON in attributes else None,
        seconds=attributes.get("seconds"),
        started_at=trial.datetime_start.isoformat(timespec="seconds") if trial.datetime_start else None,
    )


def importances(study: Study) -> dict[str, float]:
    """The share of each parameter in the differences between values (PED-ANOVA, Watanabe et al., 2023).

    Empty for fewer than two complete trials, and where all have one value: there is nothing to explain.
    """
    values = {trial.value for trial in finished(study) if trial.state == TrialState.COMPLETE}
    if len(values) < 2:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of parameters that only ever had one value
        shares = optuna.importance.get_param_importances(study)
    return {name: float(share) for name, share in shares.items() if math.isfinite(share)}
