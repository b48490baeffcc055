"""`python -m transformers_pt adapters`: those of a store, and one put on its backbone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.commands.options import StoreOption

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Low-rank adapters of `lora` runs.")


@app.command("list")
def list_(store: StoreOption = Path(".sentibench")) -> None:
    """Every adapter of the store: data set, backbone, rank, targets, size, folder."""
    from rich.console import Console
    from rich.table import Table

    from transformers_pt.adapters import stored_adapters

    adapters = stored_adapters(store / "artifacts")
    if not adapters:
        typer.echo(f"no adapters in {store}: python -m transformers_pt lora -d emotions")
        return
    table = Table()
    for title in ("data set", "backbone", "rank", "targets", "MB", "folder"):
        table.add_column(title, overflow="fold", no_wrap=title in ("rank", "MB"))
    for a in adapters:
        table.add_row(a.dataset, a.backbone, str(a.rank), ",".join(a.targets), f"{a.bytes / 1e6:.2f}", str(a.folder))
    Console(width=None if typer.get_text_stream("stdout").isatty() else 200).print(table)


@app.command()
def apply(
    adapter: Annotated[Path, typer.Argument(help="A folder that `adapters list` names.")],
    out: Annotated[Path, typer.Argument(help="The artifact to make.")],
    backbone: Annotated[str | None, typer.Option(help="Where the adapter's backbone lies, if not by its name.")] = None,
) -> None:
    """Merge an adapter into its backbone: a whole artifact, ready to serve.

    [dim]python -m transformers_pt adapters apply .sentibench/artifacts/3f2a…/adapter served[/]
    """
    from transformers_pt.adapters import apply_adapter

    apply_adapter(adapter, out, backbone)
    typer.echo(f"{out}: merged")
