"""`bench data audit`: who made the labels, which are wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.commands.file_options import asked_for, reads_file
from bench.commands.options import DataDir, StoreOption

if TYPE_CHECKING:
    from rich.console import Console

    from bench.audit.audit import Audit
    from bench.data import Prepared, Reading

SHOWN = 5
"""Pairs and suspects on the screen; the files have all."""


WithoutSuspects = Annotated[
    bool,
    typer.Option(
        "--without-suspects", help="Train `linear` with and without the labels that are suspected to be wrong."
    ),
]


@reads_file
def audit(
    name: Annotated[str, typer.Argument(help="A data set's name, or your own file.")],
    out: Annotated[Path, typer.Option(help="The folder for the report and rows to correct.")] = Path("reports/data"),
    unlabelled: Annotated[
        Path | None, typer.Option(help="Texts without labels: those that are worth a label are written to a file.")
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option(help="A folder for a page to publish, and how well labels turned on purpose are found."),
    ] = None,
    without_suspects: WithoutSuspects = False,
    *,
    reading: Reading,
    data_dir: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Ask labels who made them, which are wrong, whether there are enough, and what to label next.

    Rules are fitted on train and held against validation. The lexicon and the search for wrong labels need
    `pip install -r requirements-audit.txt`.

    Examples:

      python -m bench data audit covid19-5

      python -m bench data audit emotions --without-suspects --page docs/audits

      python -m bench data audit tweets.csv --text-column tweet --label-column mood --unlabelled more-tweets.csv
    """
    from rich.console import Console

    from bench.audit.audit import audit as audit_labels
    from bench.audit.next import to_label, unlabelled_texts, write_to_label
    from bench.data import prepare
    from bench.data.label_shape import need_one_label
    from bench.store import Store

    ref = asked_for(name, reading, data_dir, store)
    console = Console(highlight=False)
    with console.status(f"auditing {name}"):
        prepared = prepare(ref, Store(store).prepared)
        if unlabelled is not None:
            need_one_label("--unlabelled", prepared.name, prepared.meta.notes)
        pool = unlabelled_texts(unlabelled, prepared.meta.reading or reading) if unlabelled else None
        found = audit_labels(prepared, ref, without_suspects)
        chosen = None if pool is None else to_label(prepared.train(), pool)
        if page is not None:
            _write_page(found, prepared, page)
    if as_json:
        print(found.model_dump_json(indent=1))
        return
    _print(found, console)
    written = _write(found, out)
    if chosen is not None:
        written.append(out / f"{found.dataset}-next.csv")
        write_to_label(chosen, written[-1])
        console.print(f"to label next: {len(chosen):,} texts of {unlabelled}", soft_wrap=True)
    console.print(f"written: {', '.join(map(str, written))}", soft_wrap=True)


def _write(found: Audit, out: Path) -> list[Path]:
    """The report, and the rows to correct."""
    from bench.audit.suspects import write_suspects

    out.mkdir(parents=True, exist_ok=True)
    report, rows = out / f"{found.dataset}-audit.json", out / f"{found.dataset}-suspects.csv"
    report.write_text(found.model_dump_json(indent=1), encoding="utf-8")
    write_suspects(found.suspects, rows)
    return [report, rows]


def _write_page(found: Audit, prepared: Prepared, folder: Path) -> None:
    from bench.audit.flipped import flipped
    from bench.audit.page import audit_page
    from bench.durable import write_atomic

    train = prepared.train()
    looked_for = not any("wrong labels" in missing for missing in found.missing)
    text = audit_page(found, len(train), flipped(train) if looked_for else None)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / f"{found.dataset}.md", text.encode())


def _print(found: Audit, console: Console) -> None:
    from rich.markup import escape
    from rich.table import Table

    def line(text: str) -> None:
        console.print(escape(text), soft_wrap=True)

    console.print(f"[bold]{escape(found.dataset)}[/], revision {found.revision}")
    line(f"labels, by the manifest: {found.source.line}")
    table = Table("rule", "agrees with held-out labels", "chance", "kappa", "how")
    for each in found.explanations:
        rate = each.agreement
        share = f"{100 * (rate.value or 0):.1f} % ({100 * (rate.low or 0):.1f}–{100 * (rate.high or 0):.1f})"
        table.add_row(escape(each.sign), share, f"{100 * each.chance:.1f} %", f"{each.kappa:.2f}", escape(each.rule))
    if found.explanations:
        console.print(table)
    line(found.verdict)
    line(f"texts of train that stand under more than one label: {found.conflicting_texts:,}")
    for leak in found.leaks:
        line(f"{leak.later} texts that stand in {leak.earlier} too: {leak.normalized:,}")
    line(f"pairs of train that are nearly the same text under other labels: {len(found.near_duplicates):,}")
    for pair in found.near_duplicates[:SHOWN]:
        line(f"  {pair.labels[0]} {pair.texts[0][:70]!r} / {pair.labels[1]} {pair.texts[1][:70]!r}")
    if not any("wrong labels" in missing for missing in found.missing):
        line(found.suspected)
    for suspect in found.suspects[:SHOWN]:
        line(f"  {suspect.label}, rather {suspect.suggested}: {suspect.text[:90]!r}")
    for told in (found.without, found.agreement, found.curve):
        if told is not None:
            line(told.line)
    for missing in found.missing:
        line(f"not looked for: {missing}")
