"""`bench data`: what is there, what is in it, and how to get it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.commands.audit import audit
from bench.commands.file_options import asked_for, reads_file
from bench.commands.options import DataDir, StoreOption

if TYPE_CHECKING:
    from rich.console import Console

    from bench.data import Reading
    from bench.data.check import Checked
    from bench.data.describe import Description

app = typer.Typer(help="Data sets: check what is there, describe it, fetch what is not.", no_args_is_help=True)
app.command()(audit)
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command()
@reads_file
def check(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="All sets when left out.")] = None,
    *,
    reading: Reading,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Find, hash, read and count data sets; exit 1 if one is wrong, or named and not found.

    Examples:

      python -m bench data check

      python -m bench data check emotions imdb

      python -m bench data check reviews.csv --text-column review --label-column stars
    """
    import json

    from rich.console import Console

    from bench.data import DatasetRef, dataset_names
    from bench.data.check import check_set
    from bench.errors import NEGATIVE_VERDICT

    console = Console(highlight=False)
    verdicts = []
    with console.status("reading") as status:
        for name in names or dataset_names():
            status.update(f"reading {name}")
            verdicts.append(check_set(DatasetRef(name, reading, data_dir)))
    if as_json:
        print(json.dumps([checked.model_dump() for checked in verdicts], indent=1, ensure_ascii=False))
    else:
        _print_checks(verdicts, console)
    bad = {"wrong", "not found"} if names else {"wrong"}
    if any(checked.status in bad for checked in verdicts):
        raise typer.Exit(NEGATIVE_VERDICT)


def _print_checks(verdicts: list[Checked], console: Console) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.markup import escape
    from rich.table import Table

    colours = {"ok": "green", "wrong": "bold red", "not found": "yellow"}
    table = Table(
        "data set", "status", "train", "validation", "test", "labels", box=SIMPLE_HEAD, padding=0, pad_edge=False
    )
    places: dict[str, list[str]] = {}
    for column in table.columns:
        column.no_wrap = True
    for column in table.columns[2:]:
        column.justify = "right"
    for checked in verdicts:
        splits = [f"{checked.rows[name]:,}" if checked.rows else "" for name in ("train", "validation", "test")]
        status = f"[{colours[checked.status]}]{checked.status}[/]"
        labels = str(checked.labels or "")
        table.add_row(escape(checked.name), status, *splits, labels)
        if checked.folder:
            places.setdefault(checked.folder, []).append(checked.name)
    console.print(table)
    for folder, names in places.items():
        console.print(f"in {escape(folder)}: {escape(', '.join(names))}", soft_wrap=True)
    for checked in verdicts:
        for note in checked.notes:
            console.print(f"[dim]{escape(checked.name)}: {escape(note)}[/]", soft_wrap=True)
    for checked in verdicts:
        if checked.problem:
            status = f"[{colours[checked.status]}]{checked.status}[/]"
            console.print(f"{status}: {escape(checked.problem)}", soft_wrap=True)


@app.command()
@reads_file
def describe(
    name: Annotated[str, typer.Argument(help="A data set's name, or your own file.")],
    out: Annotated[Path, typer.Option(help="The folder for the picture.")] = Path("reports/data"),
    *,
    reading: Reading,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Print and draw counts, label and length distributions, duplicates, label conflicts and leaks between splits.

    Examples:

      python -m bench data describe emotions

      python -m bench data describe reviews.csv --text-column review --label-column stars --out pictures
    """
    from rich.console import Console

    from bench.data import DatasetRef
    from bench.data.describe import describe as describe_set
    from bench.data.draw import draw_description

    console = Console(highlight=False)
    with console.status(f"reading {name}"):
        description = describe_set(DatasetRef(name, reading, data_dir))
    if as_json:
        print(description.model_dump_json(indent=1))
        return
    _print_description(description, console)
    console.print(f"drawn: {draw_description(description, out / f'{description.name}.png')}")


def _print_description(description: Description, console: Console) -> None:
    from rich.markup import escape
    from rich.table import Table

    console.print(f"[bold]{escape(description.name)}[/]: {escape(description.title)}, revision {description.revision}")
    for note in description.notes:
        console.print(f"  note: {escape(note)}", soft_wrap=True)
    table = Table("as published", *(split.name for split in description.splits))
    for column in table.columns[1:]:
        column.justify, column.no_wrap = "right", True
    splits = description.splits
    table.add_row("rows", *(f"{split.rows:,}" for split in splits))
    if any(split.left_out for split in splits):
        table.add_row("left out by their label", *(f"{split.left_out:,}" for split in splits))
    for label in description.label_names:
        shares = (f"{split.labels[label]:,} ({100 * split.labels[label] / split.rows:.1f} %)" for split in splits)
        table.add_row(f"  {escape(label)}", *shares)
    for title, values in (
        ("characters: 5 %, median, 95 %, longest", [split.lengths.characters for split in splits]),
        ("words: 5 %, median, 95 %, longest", [split.lengths.words for split in splits]),
    ):
        table.add_row(title, *(", ".join(f"{v[i]:,.0f}" for i in (1, 3, 5, 6)) for v in values))
    for title, field in (("extra copies", "duplicate_rows"), ("texts with two labels", "conflicting_texts")):
        pairs = ((getattr(split, field), getattr(split, field + "_normalized")) for split in splits)
        table.add_row(f"{title} (normalized)", *(f"{a:,} ({b:,})" for a, b in pairs))
    console.print(table)
    for leak in description.leaks:
        console.print(
            f"{leak.later} texts that also stand in {leak.earlier}: "
            f"{leak.exact:,} exact, {leak.normalized:,} normalized "
            f"({leak.normalized_other_label:,} with another label there)",
            soft_wrap=True,
        )
    used = ", ".join(f"{name} {rows:,}" for name, rows in description.used.items())
    dropped = sum(rows for name, rows in description.counts.items() if name.startswith("train_rows_dropped"))
    console.print(
        f"used: {used} (validation {description.validation_source}; "
        f"{dropped:,} train rows dropped that stand in a later split)",
        soft_wrap=True,
    )


@app.command()
@reads_file
def texts(
    name: Annotated[str, typer.Argument(help="A data set's name, or your own file.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The CSV to write.")],
    *,
    reading: Reading,
    data_dir: DataDir = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace OUT.")] = False,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Write ids and texts of validation and test, without labels, for whoever predicts them elsewhere.

    Examples:

      python -m bench data texts emotions -o to-predict.csv
    """
    from bench.added.texts import texts_to_predict
    from bench.data import prepare
    from bench.output import write_output
    from bench.store import Store

    ref = asked_for(name, reading, data_dir, store)
    write_output(out, texts_to_predict(prepare(ref, Store(store).prepared)), overwrite)
    print(f"written: {out}; `python -m bench add predictions` takes it with a column `predicted`")


@app.command()
def fetch(name: Annotated[str, typer.Argument(help="A data set's name.")]) -> None:
    """Bring a published data set into the local cache, verified; an interrupted fetch goes on with the same command.

    The cache is `~/.cache/sentibench`, or `$SENTIBENCH_CACHE`. Sets of the Hugging Face hub and Kaggle need
    `pip install -r requirements-hub.txt`.

    Examples:

      python -m bench data fetch imdb

      python -m bench data fetch tweeteval-sentiment
    """
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TimeRemainingColumn
    from rich.progress import TextColumn as ProgressText

    from bench.data.fetch import fetch as fetch_set
    from bench.errors import DataError

    console = Console(highlight=False)
    columns = (ProgressText("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def report(url: str, done: int, total: int | None) -> None:
            if url not in tasks:
                tasks[url] = progress.add_task(escape(url.rsplit("/", 1)[-1]))
            progress.update(tasks[url], completed=done, total=total)

        fetched = fetch_set(name, report)
    for path in fetched.paths:
        state = "verified and put at" if fetched.downloaded else "verified, there already:"
        console.print(f"{escape(name)}: {state} {escape(str(path))}", soft_wrap=True)
    if fetched.missing:
        raise DataError(f"fetched what there is, and more is needed: {fetched.missing}")
