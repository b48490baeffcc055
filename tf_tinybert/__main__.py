"""`python -m tf_tinybert`: train a recipe by its name or by that of an architecture, export an artifact."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.entry import command_line
from bench.errors import BenchError
from bench.track import main as train

USAGE = "python -m tf_tinybert export ARTIFACT OUT"


def main(arguments: list[str]) -> None:
    """`tinybert4 -d emotions` is `tinybert --architecture tinybert4 -d emotions`; errors are one line."""
    verb = arguments[0] if arguments else ""
    with command_line():
        from tf_tinybert.presets import ARCHITECTURES

        if verb in ARCHITECTURES:
            arguments = ["tinybert", "--architecture", verb, *arguments[1:]]
        if verb != "export":
            train("tf_tinybert", arguments)
            return
        if len(arguments) != 3 or arguments[1].startswith("-"):
            raise BenchError(f"give the folder of an artifact and one to make: {USAGE}")
        from tf_tinybert.export import export

        print(export(Path(arguments[1]), Path(arguments[2])))


if __name__ == "__main__":
    main(sys.argv[1:])
