"""Columns by their names: as written, else whatever their case and blanks where one alone fits."""

from __future__ import annotations

from collections.abc import Sequence

from bench.errors import DataError, did_you_mean


def find_column(names: Sequence[str], wanted: str) -> int | None:
    """The position of a column, the first of several of that very name; None where none, or no single one, fits."""
    if wanted in names:
        return list(names).index(wanted)
    near = [i for i, name in enumerate(names) if _form(name) == _form(wanted)]
    return near[0] if len(near) == 1 else None


def find_columns(names: Sequence[str], wanted: str) -> list[int] | None:
    """The positions of a column, or of several that commas part: `title,body`; None where one is not there."""
    whole = find_column(names, wanted)
    if whole is not None:
        return [whole]
    parts = [find_column(names, part) for part in wanted.split(",")]
    found = [part for part in parts if part is not None]
    return found if len(found) == len(parts) else None


def columns_at(names: Sequence[str], wanted: str, where: str) -> list[int]:
    """As `find_columns`; what is not there is an error that lists what is."""
    found = find_columns(names, wanted)
    if found is None:
        missing = next(part for part in wanted.split(",") if find_column(names, part) is None)
        raise DataError(unknown_column(where, missing, names))
    return found


def joined(parts: Sequence[object]) -> object:
    """The text of a row: of one column what it holds, of several their texts with blanks between, none of the empty."""
    if len(parts) == 1:
        return parts[0]
    texts = [part for part in parts if part is not None and part == part]
    odd = [part for part in texts if not isinstance(part, str)]
    return odd[0] if odd else " ".join(text for part in texts if (text := str(part)) and not text.isspace()) or None


def unknown_column(where: str, column: str, names: Sequence[str]) -> str:
    """The error of a missing column, with those that there are."""
    return (
        f"{where}: no column '{column}': {did_you_mean(column, names)} "
        f"(columns: {', '.join(names)[:200]}); choose with --text-column and --label-column"
    )


def _form(name: str) -> str:
    return "".join(name.split()).casefold()
