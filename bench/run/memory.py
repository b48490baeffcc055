"""Memory that a long training was given back and keeps: the operating system gets it again every half minute."""

from __future__ import annotations

import ctypes
import threading
import time

EVERY_S = 30.0


def return_freed_memory(every: float = EVERY_S) -> None:
    """From now on, in a thread of its own, as long as the process lasts; nothing where the C library is not glibc.

    glibc is told to keep what it was given back (`launcher.UNTIMED`): tensors of many sizes leave holes between those
    that live, and a training of an hour on texts of every length had come to 14 GB for 3 GB of tensors.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        threading.Thread(target=_keep_trimming, args=(trim, every), name="memory", daemon=True).start()


def _keep_trimming(trim: ctypes._NamedFuncPointer, every: float) -> None:
    while True:
        time.sleep(every)
        trim(0)
