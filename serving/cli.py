"""The command line of `serving`: one verb, one file of `serving/commands`."""

from __future__ import annotations

import typer

from serving.commands import deploy, http, learn, package, predict, slot, stream

app = typer.Typer(
    help="Use a trained artifact: on a file, over HTTP, on a live stream, in the cloud.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.command()(predict.predict)
app.command()(http.http)
app.command()(stream.stream)
app.command()(learn.learn)
app.add_typer(slot.app, name="slot")
app.command()(package.package)
app.command()(deploy.deploy)
