"""JSON: an object a line, or one document with a list of objects."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from bench.data.columns import unknown_column
from bench.data.tables.table import Table, Values
from bench.errors import DataError

Record = dict[str, Any]


def json_table(lines: Iterator[str], where: str) -> Table:
    """Of a `.json`: JSON Lines where the first line is an object, else one document.

    A document is a list of objects, or an object with one such list in it, or one with a list or an object a column.
    """
    first = next(lines, "")
    while first and not first.strip():
        first = next(lines, "")
    try:
        if isinstance(json.loads(first), dict) and (second := next(lines, "")):
            return json_lines_table(_again(first, second, lines), where)
    except (ValueError, RecursionError):
        second = ""
    else:
        second = ""
    document = _document("".join([first, second, *lines]), where)
    records = records_of(document)
    if records is None:
        raise DataError(f'{where}: no list of objects; give [{{"text": …, "label": …}}, …] or an object a line')
    return _table(enumerate(records, start=1), "record", where)


def json_lines_table(lines: Iterator[str], where: str) -> Table:
    """An object a line; blank lines are passed over."""
    objects = ((n, _document(line, f"{where} line {n}")) for n, line in enumerate(lines, start=1) if line.strip())
    return _table(objects, "line", where)


def _again(first: str, second: str, lines: Iterator[str]) -> Iterator[str]:
    yield first
    yield second
    yield from lines


def _table(objects: Iterator[tuple[int, Any]], unit: str, where: str) -> Table:
    first = next(objects, None)
    if first is None:
        raise DataError(f"{where}: empty file; give one with rows")
    place = f"{where} {unit} {first[0]}"
    names = list(_checked(first[1], place))

    def pick(columns: Sequence[int]) -> Iterator[Values]:
        wanted = [names[i] for i in columns]
        yield tuple(first[1][name] for name in wanted)
        for number, value in objects:
            record = _checked(value, f"{where} {unit} {number}")
            try:
                yield tuple([record[name] for name in wanted])
            except KeyError as error:
                raise DataError(unknown_column(f"{where} {unit} {number}", error.args[0], list(record))) from None

    return Table(names, pick, where=place)


def _checked(value: Any, where: str) -> Record:
    if not isinstance(value, dict):
        raise DataError(f"{where}: a {type(value).__name__} where an object is needed")
    return value


def _document(text: str, where: str) -> Any:
    try:
        value = json.loads(text)
        # A lone surrogate is legal JSON and illegal text.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: not JSON text: {error}") from None
    return value


def records_of(document: Any) -> list[Any] | None:
    """The rows of a document: a list, the one list of objects in an object, the columns of one; None for none."""
    if isinstance(document, list):
        return document
    if not isinstance(document, dict):
        return None
    lists = [value for value in document.values() if isinstance(value, list) and value and isinstance(value[0], dict)]
    if len(lists) == 1:
        return list(lists[0])
    columns = [list(v.values()) if isinstance(v, dict) else v for v in document.values()]
    if columns and all(isinstance(column, list) and len(column) == len(columns[0]) for column in columns):
        return [dict(zip(document, row, strict=True)) for row in zip(*columns, strict=True)]
    return [document] if document else None
