"""Options that several commands take, written once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

StoreOption = Annotated[
    Path,
    typer.Option("--store", envvar="SENTIBENCH_STORE", help="Where results, artifacts and prepared data are kept."),
]
DatasetOption = Annotated[
    list[str] | None,
    typer.Option("-d", "--dataset", help="A data set's name, or your own CSV, TSV, JSONL or Parquet file."),
]
TextColumn = Annotated[str, typer.Option(help="The column of the texts in your own file.")]
LabelColumn = Annotated[str, typer.Option(help="The column of the labels in your own file.")]


DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", envvar="SENTIBENCH_DATA", help="Where to look for data first."),
]
