"""`bench recommend`: which model to ship inside bounds, and how sure that is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.commands.bounds import takes_bounds
from bench.commands.options import MetricOption, StoreOption, known_metric

if TYPE_CHECKING:
    from bench.recommend.budget import Budget


@takes_bounds
def recommend(
    dataset: Annotated[
        str | None, typer.Option("-d", "--dataset", help="The data set; all of the store where none is named.")
    ] = None,
    *,
    budget: Budget,
    metric: MetricOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="A table, a line a data set, with the plain baseline and the floor.")
    ] = False,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Choose a model on validation inside bounds, and tell what test says of it.

    What it beats and what it ties with on test, how likely it is the best inside the bounds, its size, times, memory
    and price, and the command that serves it. Exit code 1 where nothing keeps to the bounds, with the bound to loosen.
    docs/recommend.md explains every figure.

    Examples:

      python -m bench recommend -d emotions --max-latency-ms 5 --latency p95 --max-size-mb 20

      python -m bench recommend -d emotions --metric macro_f1 --min-macro-f1 0.85 --threads 1

      python -m bench recommend -d mine.csv --max-cost 0.05 --json

      python -m bench recommend --store reports --markdown
    """
    import json

    from rich.console import Console

    from bench.recommend.answers import answers
    from bench.recommend.document import document
    from bench.report.recommendation import print_recommendation
    from bench.report.shipping import markdown
    from bench.stores import open_store

    answered = answers(open_store(store), dataset, budget, known_metric(metric))
    if as_json:
        print(json.dumps([document(each) for each in answered.found], indent=1, ensure_ascii=False, allow_nan=False))
    elif as_markdown:
        print(markdown(answered.found), end="")
    else:
        console = Console(highlight=False)
        for each in answered.found:
            print_recommendation(each, console)
    for reason in answered.unanswered:
        typer.echo(f"left out: {reason}", err=True)
    if not answered.all_fit:
        raise typer.Exit(1)
