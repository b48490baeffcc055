"""`bench add`: what was made elsewhere, on the board."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.commands.file_options import reads_file
from bench.commands.options import DataDir, StoreOption, datasets

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
    from bench.data import DatasetRef
    from bench.spec import check_dataset
    from bench.store import Store

    ref = DatasetRef(dataset, reading, data_dir)
    check_dataset(ref)
    columns = Columns(id_column, predicted_text_column, predicted_label_column)
    result = add_predictions(Elsewhere(file, name, columns, stated_times), ref, Store(store))
    assert result.quality is not None and result.training is not None
    quality = result.quality
    print(f"{result.run_id}: accuracy {quality.accuracy.value:.4f}, macro-F1 {quality.macro_f1.value:.4f}")
    for line in result.training.warnings:
        print(f"  {line}")
    print(f"next: python -m bench compare -d {result.data.dataset}")
