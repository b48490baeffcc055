"""What is stored and published holds the names of files, not where they lie on the user's machine."""

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


def without_paths(text: str, private: Iterable[Path] = ()) -> str:
    """`text` with every absolute path cut to its name; files of code keep their path below their package.

    `private` are paths that `text` may hold and that no pattern finds: relative ones, and those with spaces.
    """
    # each as it was given and in full; one of a single part is a name already
    given = [path for path in private if len(path.parts) > 1]
    spellings = {str(form) for path in given for form in (path, path.absolute(), path.resolve())}
    for path in sorted(spellings, key=len, reverse=True):
        text = text.replace(path, Path(path).name)
    text = _INSTALLED.sub("", text.replace(f"{ROOT}/", ""))
    return _ABSOLUTE.sub(lambda match: Path(match[0]).name, _QUOTED.sub("", text))


def publishable(result: Result, private: Iterable[Path] = ()) -> Result:
    """A result whose reason, log and warnings hold no path."""
    paths = tuple(private)
    outcome, training = result.outcome, result.training
    texts = {"reason": outcome.reason, "log_tail": outcome.log_tail}
    cleaned = {name: without_paths(text, paths) for name, text in texts.items() if text}
    changed: dict[str, object] = {"outcome": outcome.model_copy(update=cleaned)}
    if training is not None:
        warnings = [without_paths(line, paths) for line in training.warnings]
        changed["training"] = training.model_copy(update={"warnings": warnings})
    return result.model_copy(update=changed)
