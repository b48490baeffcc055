"""`bench robustness`: behaviour tests, changed texts, other domains."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.commands.options import DataDir, StoreOption
from bench.errors import BenchError

if TYPE_CHECKING:
    from bench.schema import Result
    from bench.store import Store


def robustness(
    runs: Annotated[list[str] | None, typer.Argument(help="Run ids.")] = None,
    dataset: Annotated[
        str | None, typer.Option("-d", "--dataset", help="One run, of the first seed, of each model on this data set.")
    ] = None,
    texts: Annotated[int, typer.Option(help="How many of the test texts are changed.", min=0)] = 500,
    data_dir: DataDir = None,
    again: Annotated[bool, typer.Option("--again", help="Evaluate what is stored already, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Test how models behave: on templates (negation, emoji, typos, …), on changed test texts, in other domains.

    A rate is the share of tests that fail, with its 95 % interval. What a model did is stored beside its run, and the
    next report shows it. docs/robustness.md explains every test.

    Examples:

      python -m bench robustness linear-emotions-s0-3f2a81c09b

      python -m bench robustness -d emotions
    """
    import json

    from rich.console import Console

    from bench.report.robustness import print_robustness
    from bench.robustness.evaluate import domains, evaluate
    from bench.robustness.evaluation import ROBUSTNESS
    from bench.stores import open_store

    home = open_store(store)
    chosen = chosen_results(home, runs or [], dataset, with_artifact=True)
    screen = Console(stderr=True, highlight=False)
    with home.lock():
        known = {} if again else {each.run_id: each for each in ROBUSTNESS.stored(home.root)}
        due = [result for result in chosen if result.run_id not in known]
        others = domains(home, data_dir) if due else []
        for i, result in enumerate(due, start=1):
            with screen.status(f"{i}/{len(due)} {result.run_id} …"):
                known[result.run_id] = evaluate(home, result, texts, others)
    found = [known[result.run_id] for result in chosen]
    if as_json:
        print(json.dumps([each.model_dump() for each in found], indent=1))
    else:
        print_robustness(found, titles_of(home), Console(highlight=False))
        print(f"stored in {home.root / ROBUSTNESS.folder}; the next step: python -m bench report --store {home.place}")


def chosen_results(store: Store, runs: list[str], dataset: str | None, with_artifact: bool) -> list[Result]:
    """The results of those runs, or of one run of each model of a data set, the first seed that will do.

    `with_artifact`: one whose artifact is still in the store.
    """
    if bool(runs) == (dataset is not None):
        raise BenchError("name runs (`python -m bench list runs`), or a data set with -d")
    if runs:
        return _of_one_label([store.result(run_id) for run_id in runs])
    from bench.board.aggregate import boards, chosen
    from bench.board.predictions import Predictions
    from bench.board.rows import stored_rows

    def usable(artifact: str | None) -> bool:
        return artifact is not None and (not with_artifact or store.has_artifact(artifact))

    rows = stored_rows(store)
    of_set = chosen(boards(rows, Predictions(store, rows)), dataset)
    lines = [line for board in of_set for line in board.ok_lines]
    found = [next((row.run_id for row in line.runs if usable(row.artifact)), None) for line in lines]
    results = [store.result(run_id) for run_id in found if run_id is not None]
    if not results:
        raise BenchError(f"no artifact of a model on {dataset} is in {store.place}: train one first")
    return _of_one_label(results)


def _of_one_label(results: list[Result]) -> list[Result]:
    from bench.data.label_shape import need_one_label

    for result in results:
        need_one_label("this command", result.data.dataset, result.data.notes)
    return results


def titles_of(store: Store) -> dict[str, str]:
    """What the model of each run of a store is called."""
    from bench.board.aggregate import boards, titles
    from bench.board.predictions import Predictions
    from bench.board.rows import stored_rows

    rows = stored_rows(store)
    return titles(boards(rows, Predictions(store, rows)))
