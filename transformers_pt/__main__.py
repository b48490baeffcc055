"""`python -m transformers_pt`: train a recipe by name, pretrain an encoder, bring weights, list and merge adapters."""

from __future__ import annotations

import sys

import typer

from bench.entry import command_line
from bench.track import main as train


def main() -> None:
    """The verbs of this track beside its recipes; errors are one line, as of `bench`."""
    verb = sys.argv[1] if len(sys.argv) > 1 else ""
    if verb not in ("pretrain", "adapters", "weights"):
        train("transformers_pt")
        return
    with command_line():
        _app(verb)(args=sys.argv[2:], prog_name=f"python -m transformers_pt {verb}")


def _app(verb: str) -> typer.Typer:
    if verb == "adapters":
        from transformers_pt.adapter_command import app

        return app
    if verb == "weights":
        from transformers_pt.weights.command import app

        return app
    from transformers_pt.pretrain.command import pretrain

    app = typer.Typer(add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)
    app.command("pretrain")(pretrain)
    return app


main()
