"""`bench slices`: where a model does worse than on the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.commands.options import DataDir, StoreOption


def slices(
    dataset: Annotated[str, typer.Option("-d", "--dataset", help="The data set.")],
    model: Annotated[
        str | None, typer.Argument(help="A model, or some of its parameters; the best when left out.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Slices that are like the rest, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    data_dir: DataDir = None,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Compare a model's accuracy on slices of the test texts with that on the rest: negation, emoji, length, ….

    Slices that differ after correction for their number are named. All seeds of the model count. What is found is
    stored beside its run, and the next report shows it.

    Examples:

      python -m bench slices -d emotions

      python -m bench slices 'linear[C=0.5]' -d covid19-5 --all
    """
    import json
    from dataclasses import asdict

    from rich.console import Console

    from bench.report.slices import print_slices
    from bench.slices.evaluate import evaluate
    from bench.stores import open_store

    title, found = evaluate(open_store(store), dataset, model, data_dir)
    if as_json:
        print(
            json.dumps(
                {"model": title, "slices": [asdict(each) | {"differs": each.differs} for each in found.slices]},
                indent=1,
            )
        )
    else:
        print_slices(title, found, everything, Console())
