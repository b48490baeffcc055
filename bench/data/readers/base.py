"""What every reader is given, and what it yields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, BinaryIO

Opener = Callable[[str], AbstractContextManager[BinaryIO]]
"""Opens the uncompressed bytes of a file of the data set."""
Files = Mapping[str, tuple[str, ...]]
"""The files of each split."""
Row = tuple[str, Any, Any] | tuple[str, Any, Any, str]
"""Split, text and label, text and label as the file writes them; and the group whose rows stay in one split."""
