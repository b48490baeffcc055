"""The command line: one verb, one file of `bench/commands`; one line an error, exit codes of `bench.errors`."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from bench.commands import (
    add,
    auto,
    calibrate,
    check,
    compare,
    compress,
    confidence,
    data,
    doctor,
    exchange,
    export,
    export_model,
    findings,
    measure,
    recommend,
    report,
    rm,
    robustness,
    run,
    search,
    slices,
    submit,
    verify,
)
from bench.commands import list as list_
from bench.commands.options import StoreOption
from bench.entry import command_line

COMMAND = "sentibench"
INSTALLED = Path(sys.argv[0]).name == COMMAND
"""Whether this is the command that a wheel brings, and not `python -m bench`."""

app = typer.Typer(
    name="bench",
    help="Which sentiment classifier to ship for these texts, inside a latency, size and quality budget, and how sure?",
    no_args_is_help=False,
    add_completion=INSTALLED,  # a shell completes the words of a command that has a name
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.command("list")(list_.list_)
app.add_typer(data.app, name="data")
app.command()(auto.auto)
app.command()(run.run)
app.command()(submit.submit)
app.command()(search.search)
app.command()(compress.compress)
app.add_typer(add.app, name="add")
app.command()(measure.measure)
app.command()(calibrate.calibrate)
app.command()(compare.compare)
app.command()(recommend.recommend)
app.command()(robustness.robustness)
app.command()(confidence.confidence)
app.command()(slices.slices)
app.command()(report.report)
app.command()(export.export)
app.command("export-model")(export_model.export_model)
app.command()(findings.findings)
app.command()(verify.verify)
app.command()(check.check)
app.command()(exchange.pull)
app.command()(exchange.push)
app.command()(rm.rm)
app.command()(doctor.doctor)


@app.callback(invoke_without_command=True)
def leaderboard(
    context: typer.Context,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Print the leaderboard of the store when no command is given."""
    if context.invoked_subcommand is None:
        compare.compare(store=store)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    with command_line("stopped; what was finished is stored, and the same command goes on from there"):
        app(
            args=_store_last(sys.argv[1:] if arguments is None else arguments),
            prog_name=COMMAND if INSTALLED else "python -m bench",
        )


def _store_last(arguments: list[str]) -> list[str]:
    """`--store DIR VERB …` as `VERB … --store DIR`: the option is the verb's wherever it stands."""
    match arguments:
        case ["--store", folder, verb, *rest] if not verb.startswith("-"):
            return [verb, *rest, "--store", folder]
        case [option, verb, *rest] if option.startswith("--store=") and not verb.startswith("-"):
            return [verb, *rest, option]
    return arguments
