"""What is stored and published says what a thing is called, not where it lies on the user's machine."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from bench.registry import ROOT
from bench.schema import Result

_PART = r"[^\s/'\"`:;,()\[\]{}<>|]+"
_ABSOLUTE = re.compile(rf"(?:(?<![\w.:/<~])|(?<=file://))~?/(?:{_PART}/)+{_PART}/?")
"""Two parts or more, so that `</s>` and `and/or` stay; behind a letter, a dot or a colon it is an address."""
_QUOTED = re.compile(r"""(?<=")/[^"\n]*/(?=[^"/\n]*")|(?<=')/[^'\n]*/(?=[^'/\n]*')""")
"""Between quotes a path may hold spaces."""
_INSTALLED = re.compile(r'(?<=")/[^"\n]*/(?:site|dist)-packages/')


def without_paths(text: str, known: Iterable[Path] = ()) -> str:
    """`text` with every absolute path cut to its name; files of code keep what tells them apart, below their package.

    `known` are paths that `text` may hold and that no pattern finds: relative ones, and those with spaces.
    """
    for path in sorted(_spellings(known), key=len, reverse=True):
        text = text.replace(path, Path(path).name)
    text = _INSTALLED.sub("", text.replace(f"{ROOT}/", ""))
    return _ABSOLUTE.sub(lambda found: Path(found[0]).name, _QUOTED.sub("", text))


def publishable(result: Result, known: Iterable[Path] = ()) -> Result:
    """A result whose reason, log and warnings hold no path."""
    paths = tuple(known)
    outcome, training = result.outcome, result.training
    told = {name: without_paths(value, paths) for name in ("reason", "log_tail") if (value := getattr(outcome, name))}
    changed: dict[str, object] = {"outcome": outcome.model_copy(update=told)}
    if training is not None:
        warnings = [without_paths(line, paths) for line in training.warnings]
        changed["training"] = training.model_copy(update={"warnings": warnings})
    return result.model_copy(update=changed)


def _spellings(known: Iterable[Path]) -> set[str]:
    """Each path as it was given and in full; one of a single part is a name already."""
    return {str(path) for given in known for path in (given, given.absolute(), given.resolve()) if len(path.parts) > 1}
