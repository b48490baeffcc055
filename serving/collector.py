"""Python's garbage collector in a process that answers: what is loaded is not gone through again and again."""

from __future__ import annotations

import gc


def freeze_loaded() -> None:
    """Leave all that is there now out of the collector's passes; once the model is loaded, before texts come.

    Frameworks and a vocabulary are a hundred thousand objects and more, which stay for as long as the process does.
    Each full pass over them stops a server, and pushes from the caches of the processor what scoring needs next.
    """
    gc.collect()
    gc.freeze()
