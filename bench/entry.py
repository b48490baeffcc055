"""What every command line here begins and ends with: input out of reach, telemetry off, an error in one line."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from bench.errors import INTERRUPTED, BenchError
from bench.standard_input import standard_input
from bench.telemetry import disable_telemetry


@contextmanager
def command_line(stopped: str = "stopped; what is stored stays as it is") -> Iterator[None]:
    """The block is a command: a `BenchError` becomes one line and its exit code, Ctrl-C the line `stopped` and 130.

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
    except KeyboardInterrupt:
        print(stopped, file=sys.stderr)
        sys.exit(INTERRUPTED)


def _one_line_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    print(f"warning: {message}", file=sys.stderr)
