"""`bench add`: what was made elsewhere, on the board."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.commands.file_options import asked_for, reads_file
from bench.commands.options import DataDir, StoreOption, datasets
from bench.commands.run import DeviceChoice, show_boards
from bench.errors import NOTHING_RAN

if TYPE_CHECKING:
    from bench.data import Reading

app = typer.Typer(help="Predictions and models that were made elsewhere, on the board.", no_args_is_help=True)
Dataset = Annotated[
    str, typer.Option("-d", "--dataset", autocompletion=datasets, help="A data set's name, or your own file.")
]


@app.command()
@reads_file
def predictions(
    file: Annotated[Path, typer.Argument(help="CSV, TSV, JSON lines, Parquet, … with ids or texts, and labels.")],
    dataset: Dataset,
    name: Annotated[str, typer.Option(help="What it is called on the board.")],
    id_column: Annotated[str | None, typer.Option(help="The column of the ids; `id` if left out.")] = None,
    predicted_text_column: Annotated[
        str | None, typer.Option(help="The column of the texts in FILE; `text` if left out.")
    ] = None,
    predicted_label_column: Annotated[
        str | None, typer.Option(help="The column of the labels in FILE; `predicted`, `prediction` or `label`.")
    ] = None,
    stated_times: Annotated[
        str | None, typer.Option(help="Times and who states them: '350 ms a text, the vendor, May 2026'.")
    ] = None,
    *,
    reading: Reading,
    data_dir: DataDir = None,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Score predictions made anywhere, by a language model, a service or people, as a run of the board.

    FILE has every row of the test split, by the data set's id (`bench data texts` writes them) or by its text; where it
    has those of validation, they are scored too. Probabilities stand in a column a label: `p_good`, or `good`.

    Examples:

      python -m bench data texts emotions -o test.csv

      python -m bench add predictions answers.csv -d emotions --name gpt-4o
    """
    from bench.added.predictions import Elsewhere, add_predictions
    from bench.added.table import Columns
    from bench.stores import open_store

    ref = asked_for(dataset, reading, data_dir, store)
    columns = Columns(id_column, predicted_text_column, predicted_label_column)
    result = add_predictions(Elsewhere(file, name, columns, stated_times), ref, open_store(store))
    assert result.quality is not None and result.training is not None
    quality = result.quality
    print(f"{result.run_id}: accuracy {quality.accuracy.value:.4f}, macro-F1 {quality.macro_f1.value:.4f}")
    for line in result.training.warnings:
        print(f"  {line}")
    print(f"next: python -m bench compare -d {result.data.dataset}")


@app.command()
@reads_file
def model(
    name: Annotated[str, typer.Argument(help="What it is called on the board.")],
    hf: Annotated[str, typer.Option(help="A folder in Hugging Face layout, or a name of the hub: owner/model.")],
    dataset: Dataset,
    labels: Annotated[
        str, typer.Option(help="What its labels are called in the data set: 'LABEL_0=bad,LABEL_1=good'; else by name.")
    ] = "",
    measure: Annotated[bool, typer.Option("--measure/--no-measure", help="Measure its speed too.")] = True,
    device: Annotated[DeviceChoice, typer.Option(help="What to predict on.")] = DeviceChoice.auto,
    *,
    reading: Reading,
    data_dir: DataDir = None,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Take a sequence classifier that was trained elsewhere as it is: its own head, nothing is trained.

    It is a run of the board, whose artifact is measured, compressed, distilled from, exported and served as any other.

    Examples:

      python -m bench add model mine --hf my-trained -d reviews.csv

      python -m bench add model cardiff --hf cardiffnlp/twitter-roberta-base-sentiment -d tweeteval-sentiment \\
        --labels 'LABEL_0=negative,LABEL_1=neutral,LABEL_2=positive'
    """
    from rich.console import Console

    from bench.added.model import model_spec
    from bench.run.suite import RunOptions, run_specs
    from bench.stores import open_store

    ref = asked_for(dataset, reading, data_dir, store)
    spec = model_spec(name, hf, labels, ref, open_store(store), measure)
    console = Console(width=None if sys.stdout.isatty() else 140)
    code = run_specs([spec], set(), RunOptions(store, device=device.value), console)
    if code != NOTHING_RAN:
        show_boards({Path(dataset).name}, store, console)
    raise typer.Exit(code)
