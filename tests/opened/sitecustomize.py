"""Writes to $OPENED which files of the store a command opens to read; its workers have an environment of their own."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

STORE, LOG = os.environ["SENTIBENCH_STORE"], os.environ["OPENED"]


def hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and str(arguments[0]).startswith(STORE) and arguments[1] in ("r", "rb"):
        os.write(log, f"{Path(arguments[0]).name}\n".encode())


log = os.open(LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
sys.addaudithook(hook)
