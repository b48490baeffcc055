"""A record: one row with its text, its other columns, and what is wrong with it."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from bench.api import BenchError
from bench.data.charset import UTF8
from bench.data.containers import UNREADABLE, open_plain, why_unreadable
from bench.data.stream import text_lines
from bench.standard_input import standard_input

NOT_UTF8 = "not UTF-8"
MAX_DEPTH = 100
"""Lists and objects in each other that a value may have."""
_SURROGATE = re.compile("[\ud800-\udfff]")
"""A lone surrogate: what JSON may hold and no file can, and what a byte that is not UTF-8 is read as."""
Columns = dict[str, Any]
"""The values of a row by column, of any type that its file has."""


@dataclass(frozen=True)
class Record:
    """One row: its columns as they were, its text, none where it has none, and what is wrong with it."""

    columns: Columns
    text: str | None
    problem: str | None = None


@contextmanager
def opened(path: Path | None) -> Iterator[BinaryIO]:
    """A file without its compression, standard input for None."""
    if path is None:
        yield standard_input()
        return
    try:
        file = open_plain(path)
    except UNREADABLE as error:
        raise BenchError(f"{path}: {why_unreadable(path, error)}") from None
    with file:
        yield file


def decoded_lines(stream: BinaryIO, encoding: str = UTF8) -> Iterator[str]:
    r"""Split on `\n` alone; bytes that are not UTF-8 become lone surrogates, which `record_of` reports."""
    if encoding != UTF8:
        yield from text_lines(stream, encoding, "the input")
        return
    for number, line in enumerate(stream):
        yield line.decode(UTF8 if number == 0 else "utf-8", "surrogateescape")


def record_of(columns: Columns, text: Any, doubt: str | None = None) -> Record:
    """A row as it can be written anywhere; `doubt` is what is odd about it. What is changed is reported in `problem`.

    Raises `RecursionError` for values that are nested deeper than `MAX_DEPTH`.
    """
    problem = checked(columns, text).problem
    if isinstance(text, str) and (not text or text.isspace()):
        problem = "no text"
    return _record(columns, None if problem else text, doubt, problem)


def unreadable(columns: Columns, problem: str) -> Record:
    """A row in which the text cannot be located."""
    return _record(columns, None, problem)


def _record(columns: Columns, text: str | None, *problems: str | None) -> Record:
    reported = [problem for problem in problems if problem]
    written = _writable(columns)
    if written != columns:
        pairs = zip(written.items(), columns.items(), strict=True)
        reported = [problem for problem in reported if problem != NOT_UTF8]
        reported.append(f"{NOT_UTF8}: {', '.join(repr(new[0]) for new, old in pairs if new != old)}")
    return Record(written, text, "; ".join(reported) or None)


def checked(columns: Columns, text: Any) -> Record:
    """A record with its text, or with what is wrong with that: none, no string, not to be written as UTF-8."""
    if text is None:
        return Record(columns, None, "no text")
    if not isinstance(text, str):
        return Record(columns, None, f"the text is a {type(text).__name__}")
    return Record(columns, None, NOT_UTF8) if _SURROGATE.search(text) else Record(columns, text)


def _writable(value: Any, depth: int = 0) -> Any:
    """A value in which U+FFFD stands for each lone surrogate."""
    if isinstance(value, str):
        return value if value.isascii() else _SURROGATE.sub("\ufffd", value)
    if depth > MAX_DEPTH:
        raise RecursionError
    if isinstance(value, list):
        return [_writable(item, depth + 1) for item in value]
    if isinstance(value, dict):
        names = [_writable(name) for name in value]
        names = names if all(map(operator.eq, names, value)) else unique_names(names)
        return {name: _writable(item, depth + 1) for name, item in zip(names, value.values(), strict=True)}
    return value


def printable(text: str) -> str:
    """A line that can be written: what was not UTF-8 becomes question marks."""
    return text.rstrip("\r\n").encode("utf-8", "replace").decode()


def unique_names(names: list[str]) -> list[str]:
    """Of columns of one name the first keeps it; the next get underscores."""
    unique: list[str] = []
    for name in names:
        unique.append(free_name(name, {*unique, *names} if name in unique else unique))
    return unique


def free_name(name: str, taken: Any) -> str:
    """`name`, with underscores behind it where it is taken."""
    while name in taken:
        name += "_"
    return name
