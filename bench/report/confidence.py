"""Calibration, abstention and prediction sets on a screen and in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.confidence.storage import Confidence
from bench.report.robustness import called, percent
from bench.schema import Interval

Tables = list[tuple[str, list[str], list[list[str]]]]


def print_confidence(found: Sequence[Confidence], titles: Mapping[str, str], console: Console) -> None:
    """Each model: scores before and after, coverage against accuracy, sets."""
    for each in found:
        console.print()
        console.print(Text(f"{called(each.run_id, titles)}: {_summary(each)}", style="bold"))
        for title, header, rows in tables(each):
            table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 1))
            for i, name in enumerate(header):
                table.add_column(name, justify="right" if i else "left", no_wrap=True)
            for row in rows:
                table.add_row(*row)
            console.print(table)


def markdown(found: Sequence[Confidence], titles: Mapping[str, str]) -> str:
    """The same as Markdown; runs by the `titles` of their models, where these are known."""
    lines = ["# How sure the models are", ""]
    for each in found:
        lines += [f"## {called(each.run_id, titles)}", "", f"{_summary(each)}.", ""]
        for title, header, rows in tables(each):
            lines += [f"{title}:", "", f"| {' | '.join(header)} |", "|---" * len(header) + "|"]
            lines += [f"| {' | '.join(row)} |" for row in rows] + [""]
    return "\n".join(lines)


def _summary(each: Confidence) -> str:
    fitted = each.fitted.calibration
    return f"temperature {fitted.temperature:.2f}" if fitted.temperature is not None else "isotonic calibration"


def tables(each: Confidence) -> Tables:
    """Titles, headers and rows of what was found of a run."""
    tested, metric = each.tested, each.fitted.metric
    scores = [("log loss", "log_loss"), ("Brier score", "brier"), ("calibration error (ECE)", "ece")]
    return [
        (
            "On test",
            ["score", "before", "after"],
            [
                *(
                    [title, _interval(getattr(tested.before, name)), _interval(getattr(tested.after, name))]
                    for title, name in scores
                ),
                [f"{metric} with label weights", f"{tested.metric_before:.4f}", f"{tested.metric_after:.4f}"],
            ],
        ),
        (
            "Answering only what it is sure of",
            ["of validation", "confidence from", "answered on test", "accuracy of these"],
            [
                [
                    f"{s.threshold.coverage:.0%}",
                    f"{s.threshold.confidence:.3f}",
                    percent(s.coverage),
                    percent(s.accuracy),
                ]
                for s in tested.selective
            ],
        ),
        (
            "Sets of labels (conformal)",
            ["asked for", "hold the true label", "labels a set", "sets of one label"],
            [
                [f"{1 - s.conformal.error:.0%}", percent(s.coverage), f"{s.mean_size:.2f}", percent(s.single)]
                for s in tested.sets
            ],
        ),
    ]


def _interval(of: Interval) -> str:
    return f"{of.value:.4f} ({of.low:.4f}–{of.high:.4f})"
