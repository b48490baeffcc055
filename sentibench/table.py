"""Stored results as a table."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd

from bench.board.rows import counted, stored_rows
from bench.board.table import csv_text
from bench.stores import open_store
from sentibench.model import STORE


def results(store: str | Path = STORE) -> pd.DataFrame:
    """A row a run with the columns of `results.csv` (docs/results.md); superseded runs are left out.

    `store` is a store or a published folder such as `reports`. Raises `bench.errors.BenchError` where it is empty.
    """
    return pd.read_csv(io.StringIO(csv_text(counted(stored_rows(open_store(store))))))
