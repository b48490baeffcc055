"""A source in a thread of its own, before a bounded queue: a sender that is faster than the model has to wait."""

from __future__ import annotations

import time
from queue import Empty, Queue
from threading import Event, Thread

from serving.stream.lines import TICK, Line, Stopped
from serving.stream.sources import Source


class Reader:
    """Lines of a source, `size` of them at most in memory."""

    def __init__(self, source: Source, start: int, size: int) -> None:
        self.source = source
        self.stopping = Event()
        self.error: Exception | None = None
        """What ended the source, where that was no good end."""
        self._queue: Queue[Line] = Queue(size)
        self._done = Event()
        self._thread = Thread(target=self._run, args=(start,), name="source", daemon=True)
        self._thread.start()

    def _run(self, start: int) -> None:
        try:
            self.source.read(self._queue.put, start, self.stopping)
        except Stopped:
            pass
        except Exception as error:  # raised by the thread that takes
            self.error = error
        finally:
            self._done.set()

    @property
    def queued(self) -> int:
        """Lines that wait."""
        return self._queue.qsize()

    @property
    def ended(self) -> bool:
        """Whether nothing waits and nothing will come."""
        return self._done.is_set() and self._queue.empty()

    def stop(self) -> None:
        """Have the source end; what was read can still be taken."""
        if not self.stopping.is_set():
            self.stopping.set()
            self.source.interrupt()

    def take(self, limit: int, wait_s: float) -> list[Line]:
        """Up to `limit` lines, all that come within `wait_s` of the first; none after a moment in which none came."""
        lines: list[Line] = []
        deadline = time.monotonic() + TICK
        while len(lines) < limit:
            try:
                lines.append(self._queue.get(timeout=max(deadline - time.monotonic(), 0)))
            except Empty:
                break
            if len(lines) == 1:
                deadline = time.monotonic() + wait_s
        return lines
