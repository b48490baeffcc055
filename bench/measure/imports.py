"""How much of a load is importing: frameworks are imported inside of `Recipe.load`, so the two are timed apart here."""

from __future__ import annotations

import builtins
import time
from types import TracebackType
from typing import Any, Self


class ImportClock:
    """While entered, sums the time of outermost `import` statements in `milliseconds`."""

    def __init__(self) -> None:
        self.milliseconds = 0.0
        self._nested = False

    def __enter__(self) -> Self:
        self._original = builtins.__import__
        builtins.__import__ = self._timed
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        builtins.__import__ = self._original

    def _timed(self, *arguments: Any, **named: Any) -> Any:
        if self._nested:
            return self._original(*arguments, **named)
        self._nested = True
        started = time.perf_counter()
        try:
            return self._original(*arguments, **named)
        finally:
            self._nested = False
            self.milliseconds += (time.perf_counter() - started) * 1e3
