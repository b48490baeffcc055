"""How models behave, on a screen and in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.proportion import Rate
from bench.robustness.evaluation import Perturbed, Robustness

KINDS = {"minimum functionality": "MFT", "invariance": "INV", "direction": "DIR"}
"""CheckList's names of the kinds of tests."""


def percent(rate: Rate | None) -> str:
    """`12.5 % (10.1–15.3)`: the share and its interval; a dash where nothing was asked."""
    if rate is None or rate.value is None or rate.low is None or rate.high is None:
        return "–"
    return f"{rate.value:.1%} ({100 * rate.low:.1f}–{100 * rate.high:.1f})".replace("%", " %")


def print_robustness(found: Sequence[Robustness], titles: Mapping[str, str], console: Console) -> None:
    """Each model: failures by capability and kind, flips by perturbation, scores by domain."""
    for each in found:
        console.print()
        console.print(Text(called(each.run_id, titles), style="bold"))
        for title, header, rows in tables(each):
            table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 1))
            for i, name in enumerate(header):
                table.add_column(name, justify="right" if i else "left", no_wrap=True)
            for row in rows:
                table.add_row(*row)
            console.print(table)


def markdown(found: Sequence[Robustness], titles: Mapping[str, str]) -> str:
    """The same as Markdown, with an example of a failure; runs by the `titles` of their models, where known."""
    lines = ["# How the models behave", "", *_cross_table(found, titles)]
    for each in found:
        lines += [f"## {called(each.run_id, titles)}", ""]
        for title, header, rows in tables(each):
            lines += [f"{title}:", "", f"| {' | '.join(header)} |", f"|{'---|' * len(header)}"]
            lines += [f"| {' | '.join(row)} |" for row in rows] + [""]
        lines += [f"- {b.capability}: {b.example}" for b in each.behaviour if b.example] + [""]
    return "\n".join(lines)


def called(run_id: str, titles: Mapping[str, str]) -> str:
    """`LSTM (lstm-toy-s0)`: the model's name and its run."""
    return f"{titles[run_id]} ({run_id})" if run_id in titles else run_id


def _cross_table(found: Sequence[Robustness], titles: Mapping[str, str]) -> list[str]:
    """Accuracy by the domain of the training and that of the test."""
    names = list(dict.fromkeys(domain.dataset for each in found for domain in each.domains))
    if not names:
        return []
    lines = [
        "Accuracy in other domains:",
        "",
        f"| trained on | model | {' | '.join(names)} |",
        "|---" * (len(names) + 2) + "|",
    ]
    for each in sorted(found, key=lambda each: (each.dataset, each.run_id)):
        scores = {domain.dataset: f"{percent(domain.accuracy)}, {domain.classes} classes" for domain in each.domains}
        cells = [each.dataset, called(each.run_id, titles), *(scores.get(name, "–") for name in names)]
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]


def tables(each: Robustness) -> list[tuple[str, list[str], list[list[str]]]]:
    """Titles, headers and rows of what was found of a run."""
    tables = [
        (
            "Tests that fail, by capability",
            ["capability", *KINDS.values()],
            [[b.capability, *(percent(b.failures.get(kind)) for kind in KINDS)] for b in each.behaviour],
        ),
        (
            "Test texts whose label changes",
            ["perturbation", "texts", "labels that change", "accuracy before", "after"],
            [[p.perturbation, str(p.flips.n), percent(p.flips), *_scores(p)] for p in each.perturbed],
        ),
        (
            "Other domains",
            ["domain", "classes", "texts", "accuracy", "macro recall"],
            [
                [d.dataset, str(d.classes), str(d.accuracy.n), percent(d.accuracy), f"{d.macro_recall:.3f}"]
                for d in each.domains
            ],
        ),
    ]
    return [table for table in tables if table[2]]


def _scores(of: Perturbed) -> list[str]:
    return ["–" if value is None else f"{value:.3f}" for value in (of.accuracy_before, of.accuracy_after)]
