"""The user's standard input, out of reach of libraries that ask questions."""

from __future__ import annotations

import functools
import os
import sys
from typing import BinaryIO


@functools.cache
def standard_input() -> BinaryIO:
    """What is piped in, by a descriptor of its own: from the first call on descriptor 0 is empty, for children too.

    A library that asks "run this code? [y/N]" reads descriptor 0, where a text of the user's would answer it. Every
    command calls this before anything else.
    """
    if sys.stdin is None:  # the process was started with it closed, and 0 may be any other file by now
        return open(os.devnull, "rb")  # noqa: PTH123
    own = os.dup(0)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    return os.fdopen(own, "rb")
