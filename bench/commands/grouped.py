"""Several options of a command that are one thing to it, written once for all commands that take them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, get_type_hints

Options = Mapping[str, tuple[Any, Any]]
"""Type and default of each, by the name of its parameter."""
Command = Callable[..., None]
REPLACED = {"Reading": object, "Budget": object}
"""Types of the parameters that are replaced, by name: commands import them for type checkers alone."""


def with_options(
    command: Command, parameter: str, options: Options, made_of: Callable[[dict[str, Any]], Any]
) -> Command:
    """The command with `options` in place of its one `parameter`, which `made_of` makes of what was given."""
    hints = get_type_hints(command, localns=REPLACED, include_extras=True)
    parameters = []
    for own in inspect.signature(command).parameters.values():
        if own.name == parameter:
            parameters += [
                own.replace(name=name, annotation=of, default=usual) for name, (of, usual) in options.items()
            ]
        else:
            parameters.append(own.replace(annotation=hints[own.name]))

    def grouped(**given: Any) -> None:
        values = {name: given.pop(name) for name in options}
        command(**given, **{parameter: made_of(values)})

    grouped.__name__, grouped.__doc__, grouped.__module__ = command.__name__, command.__doc__, command.__module__
    grouped.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    grouped.__annotations__ = {own.name: own.annotation for own in parameters}
    return grouped
