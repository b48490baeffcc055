"""Searches of parameters as folds."""

from __future__ import annotations

from itertools import accumulate

from bench.report.page.evidence import Block, Fold, chart, fold, series, table
from bench.search.summary import Summary, TrialRow


def search(summary: Summary) -> list[Fold]:
    """How it went, what mattered, all trials."""
    command = f" The best parameters: {summary.command}" if summary.command else ""
    blocks = [*_history(summary), *_importances(summary), _trials(summary)]
    return fold(f"Search: {summary.recipe} on {summary.dataset}", "; ".join(facts(summary)) + "." + command, blocks)


def facts(summary: Summary) -> list[str]:
    """What must be read with the numbers."""
    counts = ", ".join(
        f"{n} {state}" for state in ("complete", "pruned", "failed", "running") if (n := summary.count(state))
    )
    found = [f"Study {summary.study}: {len(summary.finished)} of {summary.asked} trials ended: {counts}"]
    if summary.killed:
        found.append(f"{summary.killed} more were killed; others took their places, and they count nowhere")
    found.append(f"every score is {summary.metric.replace('_', ' ')} on validation; the test split was not opened")
    found.append(f"suggestions by TPE with seed {summary.seed}; trial 1 is the recipe's own parameters")
    if summary.limit is not None:
        found.append(f"only {summary.limit} rows of each split were used")
    return found


def _history(summary: Summary) -> list[Block]:
    complete = [trial for trial in summary.trials if trial.value is not None]
    if not complete:
        return []
    lower = summary.direction == "minimize"
    numbers, values = [trial.number for trial in complete], [trial.value or 0.0 for trial in complete]
    best = accumulate(values, lambda a, b: min(a, b) if lower else max(a, b))
    lines = [
        series("best so far", numbers, list(best), dash=2, muted=True),
        series("trials", numbers, values, mark=summary.best),
    ]
    metric = summary.metric.replace("_", " ")
    return [chart("Trials in their order", "trial", f"validation {metric}", lines, points=True)]


def _importances(summary: Summary) -> list[Block]:
    ranked = sorted(summary.importances.items(), key=lambda each: -each[1])
    columns = [["parameter", ""], ["importance", "Share of the differences between values, by PED-ANOVA"]]
    return [table(columns, [[name, f"{100 * share:.0f} %"] for name, share in ranked])] if ranked else []


def _trials(summary: Summary) -> Block:
    metric = [summary.metric.replace("_", " "), "On validation"]
    names = [[name, ""] for name in summary.space]
    columns = [["trial", ""], ["state", ""], metric, *names, ["epochs", ""], ["seconds", ""]]
    return table(columns, [_trial(trial, summary) for trial in summary.ranked()], "Trials, the best first")


def _trial(trial: TrialRow, summary: Summary) -> list[str]:
    given = [_number(trial.params[name]) if name in trial.params else "" for name in summary.space]
    return [
        str(trial.number), f"{trial.state}: {trial.reason}" if trial.reason else trial.state,
        f"{trial.value:.4f}" if trial.value is not None else "", *given,
        str(trial.epochs) if trial.epochs is not None else "",
        f"{trial.seconds:.0f}" if trial.seconds is not None else "",
    ]  # fmt: skip


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
