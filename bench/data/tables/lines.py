"""A `.txt`: a label and a text a line, where it is plain which is which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice

from bench.data.columns import has_columns
from bench.data.csv_rows import csv_rows
from bench.data.reading import Reading
from bench.data.tables.delimited import NAMES, delimited_table
from bench.data.tables.table import Table, Values
from bench.errors import DataError

FASTTEXT = "__label__"
_PARTS = "\t;|,"
_SAMPLE = 1000
_LONGEST_LABEL = 40
_MOST_LABELS = 50


def lines_table(lines: Iterator[str], reading: Reading, where: str) -> Table:
    """`__label__x text`; a header with the columns; else `text SEPARATOR label` or the other way round."""
    head = list(islice(lines, _SAMPLE))
    if not head:
        raise DataError(f"{where}: empty file; give one with rows")
    whole = chain(head, lines)
    if all(line.startswith(FASTTEXT) for line in head):
        return _two_columns(_fasttext(whole, where))
    if not reading.header or reading.separator or _has_header(head[0], reading):
        return delimited_table(whole, reading, ".txt", where)
    ways = [(part, first) for part in _PARTS for first in (False, True) if _is_plain(head, part, first)]
    ways = [way for way in ways if way[0] == ways[0][0]]
    if len(ways) != 1:
        raise DataError(
            f"{where}: which part of a line is the text and which the label is not plain; write it with a header "
            "`text;label`, or as CSV or JSON Lines"
        )
    ((part, label_first),) = ways
    order = "label, text" if label_first else "text, label"
    said = f"lines of {order}, parted by {NAMES[part]}"
    return _two_columns(_parted(whole, part, label_first, where), said)


def _two_columns(rows: Iterator[tuple[str, str]], *said: str) -> Table:
    def pick(columns: Sequence[int]) -> Iterator[Values]:
        return (tuple(row[i] for i in columns) for row in rows)

    return Table(["text", "label"], pick, said)


def _has_header(line: str, reading: Reading) -> bool:
    for part in _PARTS:
        names = next(csv_rows(iter([line]), part, True)).fields
        if has_columns(names, reading):
            return True
    return False


def _is_plain(head: Sequence[str], part: str, label_first: bool) -> bool:
    """Whether every line has such a part, and what is then the label is one of few, each short, the text of many."""
    rows = [_cut(line, part, label_first) for line in head if line.strip()]
    if not all(text and label for text, label in rows):
        return False
    texts, labels = {text for text, _ in rows}, {label for _, label in rows}
    few = min(_MOST_LABELS, max(2, len(rows) // 3))
    return len(labels) <= few < len(texts) and max(map(len, labels)) <= _LONGEST_LABEL


def _cut(line: str, part: str, label_first: bool) -> tuple[str, str]:
    """Text and label; the label ends at the first such part, or begins behind the last."""
    first, _, last = (line.partition if label_first else line.rpartition)(part)
    return (last.strip(), first.strip()) if label_first else (first.strip(), last.strip())


def _parted(lines: Iterator[str], part: str, label_first: bool, where: str) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(lines, start=1):
        if part in line:
            yield _cut(line, part, label_first)
        elif line.strip():
            raise DataError(f"{where} line {number}: no {NAMES[part]} between text and label")


def _fasttext(lines: Iterator[str], where: str) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(lines, start=1):
        label, _, text = line.strip().partition(" ")
        if not label.startswith(FASTTEXT):
            raise DataError(f"{where} line {number}: no {FASTTEXT} at its beginning, as the lines above have")
        if text.startswith(FASTTEXT):
            raise DataError(f"{where} line {number}: several labels; give a text one label")
        yield text, label.removeprefix(FASTTEXT)
