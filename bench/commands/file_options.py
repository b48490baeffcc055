"""How the user's own file is read, as options of every command that takes one, written once."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bench.commands.grouped import with_options
from bench.errors import BenchError

if TYPE_CHECKING:
    from bench.data import DatasetRef, Reading

PANEL = "Your own file"
"""The heading of these options in a command's help."""
PARAMETER = "reading"
"""The parameter that a command gets for them all."""


def _option(help_: str, *names: str) -> Any:
    return typer.Option(*names, help=help_, rich_help_panel=PANEL)


OPTIONS: dict[str, tuple[Any, Any]] = {
    "text_column": (Annotated[str, _option("The column of the texts; several, as title,body, are joined.")], "text"),
    "label_column": (Annotated[str, _option("The column of the labels.")], "label"),
    "split_column": (
        Annotated[str, _option("The column that tells train, validation and test, if any; 'none' ignores it.")], "split"
    ),
    "test_file": (Annotated[Path | None, _option("The test split, where it is a file of its own.")], None),
    "validation_file": (Annotated[Path | None, _option("The validation split, likewise.")], None),
    "no_header": (Annotated[bool, _option("No line of names: the columns are 1, 2, …", "--no-header")], False),
    "separator": (Annotated[str | None, _option("What parts the columns, 'tab' too; found if left out.")], None),
    "no_quotes": (Annotated[bool, _option("A quotation mark is a character.", "--no-quotes")], False),
    "encoding": (Annotated[str | None, _option("As cp1251; found where it is UTF-8, UTF-16 or Western.")], None),
    "drop_missing": (
        Annotated[bool, _option("Leave out rows without a text, label or split.", "--drop-missing")], False
    ),
    "min_count": (Annotated[int, typer.Option(
        help="Leave out labels with fewer distinct texts in train.", min=0, rich_help_panel=PANEL
    )], 0),
    "merge_labels": (
        Annotated[bool, _option("Make one of labels that differ by case, blanks or .0 alone.", "--merge-labels")], False
    ),
    "label_separator": (
        Annotated[str | None, _option("What parts the labels of a text that may have several, as '|'.")], None
    ),
    "order": (
        Annotated[str | None, _option("All labels, the lowest first, where they are steps of one scale.")], None
    ),
}  # fmt: skip
"""Type and default of each, by the name of its parameter."""
NEGATED = {"no_header": "header", "no_quotes": "quoted"}
"""Options that say the contrary of a field."""


TEXTS = ("text_column", "no_header", "separator", "no_quotes", "encoding")
"""Those that a file without labels has, too."""


def reads_file(command: Callable[..., None]) -> Callable[..., None]:
    """A command that takes a `Reading` as its parameter `reading`, with an option for each of its fields instead."""
    return with_options(command, PARAMETER, OPTIONS, reading_of)


def reads_texts(command: Callable[..., None]) -> Callable[..., None]:
    """The same for a file without labels."""
    return with_options(command, PARAMETER, {name: OPTIONS[name] for name in TEXTS}, reading_of)


def reading_of(options: dict[str, Any]) -> Reading:
    """The `Reading` of these options; those at their defaults are not among its fields that are set."""
    from bench.data.reading import Reading

    given = {name: value for name, value in options.items() if value != OPTIONS[name][1]}
    fields = {NEGATED.get(name, name): False if name in NEGATED else value for name, value in given.items()}
    for name in ("separator", "label_separator"):
        if fields.get(name) in ("tab", "\\t"):
            fields[name] = "\t"
    if fields.get("label_separator") == "":
        raise BenchError("--label-separator '': give what parts the labels of a text, as '|'")
    return Reading(**fields)


def asked_for(name: str, reading: Reading, data_dir: Path | None, store: Path) -> DatasetRef:
    """The data set of that name, or the user's file; where it needs options and has none, as it was read before.

    A `BenchError` where there is no such data set.
    """
    from bench.data import DatasetRef
    from bench.data.remembered import as_before
    from bench.spec import check_dataset
    from bench.store import Store

    ref = DatasetRef(name, reading, data_dir)
    check_dataset(ref)
    found = as_before(ref, Store(store).prepared)
    if found != ref:
        print(f"{Path(name).name} is read as before: {shlex.join(arguments_of(found.reading))}", file=sys.stderr)
    return found


def arguments_of(reading: Reading) -> list[str]:
    """The options of a `Reading`, those at their defaults left out."""
    arguments = []
    for name, (_, default) in OPTIONS.items():
        value = not getattr(reading, NEGATED[name]) if name in NEGATED else getattr(reading, name)
        if value != default:
            option = "--" + name.replace("_", "-")
            arguments += [option] if value is True else [option, "tab" if value == "\t" else str(value)]
    return arguments
