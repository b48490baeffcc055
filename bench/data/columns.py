"""Columns by their names: as written, else whatever their case and blanks where one alone fits."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bench.data.reading import AS_FOUND, Reading
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


TEXT_WORDS = (
    "text",
    "texts",
    "tweet",
    "tweets",
    "review",
    "reviews",
    "sentence",
    "phrase",
    "comment",
    "content",
    "message",
    "body",
)
LABEL_WORDS = (
    "label",
    "labels",
    "sentiment",
    "polarity",
    "emotion",
    "stars",
    "rating",
    "score",
    "liked",
    "class",
    "category",
    "target",
    "overall",
)


def usual_columns(names: Sequence[str], reading: Reading) -> Reading:
    """With the columns of texts and labels, where none were chosen and one of each is called as they often are."""
    found = {
        "text_column": _called(names, TEXT_WORDS, "text_column", reading),
        "label_column": _called(names, LABEL_WORDS, "label_column", reading),
    }
    return reading.model_copy(update={field: name for field, name in found.items() if name is not None})


def _called(names: Sequence[str], words: Sequence[str], field: str, reading: Reading) -> str | None:
    """The one column that is called by one of these words, else the one whose name ends with one; None of several."""
    usual = getattr(AS_FOUND, field)
    if getattr(reading, field) != usual or find_column(names, usual) is not None:
        return None
    plain = {name: re.sub(r"[\W_]+", "", name).casefold() for name in names}
    whole = [name for name, form in plain.items() if form in words]
    ends = [name for name, form in plain.items() if form.endswith(tuple(words))]
    found = whole or ends
    return found[0] if len(found) == 1 and list(names).count(found[0]) == 1 else None


def has_columns(names: Sequence[str], reading: Reading) -> bool:
    """Whether texts and labels are found under these names."""
    usual = usual_columns(names, reading)
    return all(find_columns(names, column) for column in (usual.text_column, usual.label_column))


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
