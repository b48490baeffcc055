"""`bench confidence`: calibration, abstention, prediction sets."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bench.commands.options import StoreOption, known_metric
from bench.commands.robustness import chosen_results, titles_of


class MethodChoice(StrEnum):
    """How probabilities are calibrated."""

    temperature = "temperature"
    isotonic = "isotonic"


def confidence(
    runs: Annotated[list[str] | None, typer.Argument(help="Run ids.")] = None,
    dataset: Annotated[
        str | None, typer.Option("-d", "--dataset", help="One run, of the first seed, of each model on this data set.")
    ] = None,
    method: Annotated[MethodChoice, typer.Option(help="How probabilities are calibrated.")] = MethodChoice.temperature,
    metric: Annotated[
        str | None, typer.Option(help="What label weights are to be best for; the data set's own metric unless given.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Make a model's confidence reliable: calibrate it, find thresholds to abstain below, sets that hold the label.

    All of it is fitted on validation, from stored predictions; nothing is predicted again. Then test says what it does.
    It is stored for the artifact, and `python -m serving` uses it when asked. docs/confidence.md explains it.

    Examples:

      python -m bench confidence linear-emotions-s0-3f2a81c09b

      python -m bench confidence -d emotions --method isotonic
    """
    import json

    from rich.console import Console

    from bench.confidence.fit import confidence_of
    from bench.confidence.storage import CONFIDENCE
    from bench.data.manifest import metric_of
    from bench.report.confidence import print_confidence
    from bench.stores import open_store

    asked, home = known_metric(metric), open_store(store)
    results = chosen_results(home, runs or [], dataset, with_artifact=False)
    with home.lock():
        found = [
            confidence_of(
                r, home.arrays(r.run_id, "predictions"), method.value, asked or metric_of(r.data.dataset, r.data.notes)
            )
            for r in results
        ]
        for each in found:
            CONFIDENCE.put(home.root, each)
    if as_json:
        print(json.dumps([each.model_dump() for each in found], indent=1))
    else:
        print_confidence(found, titles_of(home), Console(highlight=False))
        print(f"stored in {home.root / CONFIDENCE.folder}; the next step: python -m serving http RUN --calibrated")
