"""The first sheet of an Excel workbook."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from bench.data.reading import Reading
from bench.data.tables.table import Table, Values
from bench.errors import DataError
from bench.requirements import install_command


def excel_table(stream: BinaryIO, reading: Reading, where: str) -> Table:
    """Its rows as far as anything stands in them; a cell of another type than text or number becomes text."""
    rows = sheet_rows(stream, where)
    first = next(rows, None)
    if first is None:
        raise DataError(f"{where}: empty sheet; give one with rows")
    names = [str(name) for name in first] if reading.header else [str(i) for i in range(1, len(first) + 1)]

    def pick(columns: Sequence[int]) -> Iterator[Values]:
        if not reading.header:
            yield tuple(first[i] for i in columns)
        for row in rows:
            yield tuple([row[i] if i < len(row) else None for i in columns])

    return Table(names, pick)


def sheet_rows(stream: BinaryIO, where: str) -> Iterator[list[Any]]:
    """The cells of each row that has any, without the empty ones at its end."""
    try:
        from openpyxl import load_workbook
        from openpyxl.utils.exceptions import InvalidFileException
    except ImportError:
        raise DataError(f"{where}: to read Excel 'openpyxl' is needed: {install_command('openpyxl')}") from None
    try:
        sheet = load_workbook(io.BytesIO(stream.read()), read_only=True, data_only=True).worksheets[0]
        for row in sheet.iter_rows(values_only=True):
            cells = [_plain(cell) for cell in row]
            while cells and cells[-1] is None:
                cells.pop()
            if cells:
                yield cells
    except (zipfile.BadZipFile, InvalidFileException, KeyError, IndexError, ValueError) as error:
        raise DataError(f"{where}: not readable as Excel (.xlsx): {str(error).splitlines()[0][:120]}") from None


def _plain(cell: Any) -> Any:
    return cell if cell is None or isinstance(cell, str | int | float) else str(cell)
