"""What every command line here begins and ends with: input out of reach, telemetry off, an error in one line."""

from __future__ import annotations

import importlib.util
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from bench.errors import INTERRUPTED, WRONG_USAGE, BenchError
from bench.standard_input import standard_input
from bench.telemetry import disable_telemetry


@contextmanager
def command_line(stopped: str = "stopped; what is stored stays as it is") -> Iterator[None]:
    """The block is a command, its imports too: an error becomes one line and an exit code.

    A `BenchError` has its own code, a package that is missing is wrong usage, Ctrl-C is the line `stopped` and 130.
    The one place where errors become exit codes. It may be entered within itself, as a track's command line is that
    of `bench` in the end.
    """
    standard_input()
    disable_telemetry()
    warnings.showwarning = _one_line_warning
    try:
        yield
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except ModuleNotFoundError as error:
        if error.name is None or (Path(__file__).parents[1] / error.name.partition(".")[0]).is_dir():
            raise
        print(f"error: {_missing(error.name)}", file=sys.stderr)
        sys.exit(WRONG_USAGE)
    except KeyboardInterrupt:
        print(stopped, file=sys.stderr)
        sys.exit(INTERRUPTED)


def _missing(package: str) -> str:
    """What to do about a package that is not installed: of the core's, or without any, the environment is missing."""
    if importlib.util.find_spec("numpy") is None or importlib.util.find_spec("typer") is None:
        return (
            f"this Python ({sys.executable}) has no '{package}': `make bench` installs what is needed into .venv, "
            "`source .venv/bin/activate` uses it"
        )
    from bench.requirements import install_command

    return f"package '{package}' is not installed; {install_command(package)}"


def _one_line_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    print(f"warning: {message}", file=sys.stderr)
