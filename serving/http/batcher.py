"""Dynamic micro-batching: requests that wait while the model is busy go through it together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from serving.http.settings import Settings
from serving.model import Scored

LOW_PRIORITY_SIZE = 8
"""Texts of a batch of low priority: few, so that the next request waits briefly."""
LOW_PRIORITY_EVERY = 4
"""One batch in so many is of low priority, if others never cease: such a request is slow then, not refused."""


class BusyError(Exception):
    """More waits than may, or an answer took too long: the client may try again."""


@dataclass(eq=False)
class _Waiting:
    texts: Sequence[str]
    answer: asyncio.Future[Scored] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Batcher:
    """One thread that runs the model, and two queues before it, by weighted round robin.

    The second has its turn when the first is empty, and once in `LOW_PRIORITY_EVERY` batches when it is not.

    A request of more texts than a batch holds waits in the queue again with each part, so that others come between.
    """

    def __init__(
        self, predict: Callable[[Sequence[str]], Scored], settings: Settings, on_batch: Callable[[int], None]
    ) -> None:
        """`on_batch` is called with the size of each batch."""
        self._predict, self._settings, self._on_batch = predict, settings, on_batch
        self._first: deque[_Waiting] = deque()
        self._second: deque[_Waiting] = deque()
        self._since_low = 0
        self._arrived = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, "model")
        self._task: asyncio.Task[None] | None = None
        self.queued = 0
        """Texts that wait."""

    async def start(self) -> None:
        """Begin to answer."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Answer what waits, then end."""
        while self.queued:
            await asyncio.sleep(0.005)
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self._thread.shutdown()

    async def __call__(self, texts: Sequence[str], low_priority: bool = False) -> Scored:
        """The predictions of one model on all these texts; `low_priority`: after other requests. Or `BusyError`."""
        if self.queued + len(texts) > self._settings.max_queue:
            raise BusyError("the queue is full")
        size, queue = (LOW_PRIORITY_SIZE, self._second) if low_priority else (self._settings.max_batch, self._first)
        self.queued += len(texts)
        remaining = list(texts)
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                parts: list[Scored] = []
                while remaining:
                    waiting, remaining = _Waiting(remaining[:size]), remaining[size:]
                    queue.append(waiting)
                    self._arrived.set()
                    parts.append(await waiting.answer)
                    if parts[-1].model is not parts[0].model:  # swapped meanwhile: the new one answers all of it
                        self.queued += len(texts) - len(remaining)
                        parts, remaining = [], list(texts)
        except TimeoutError:
            raise BusyError("no answer in time") from None
        finally:
            self.queued -= len(remaining)
        return Scored(parts[0].model, np.concatenate([part.probabilities for part in parts]))

    async def _run(self) -> None:
        loop, together = asyncio.get_running_loop(), 1
        while True:
            await self._arrived.wait()
            # A client that asks again as soon as it is answered is a moment behind those that were answered with it.
            if together > 1 and self._settings.max_wait_ms and self.queued < self._settings.max_batch:
                await asyncio.sleep(self._settings.max_wait_ms / 1000)
            batch = self._take()
            together = len(batch)
            texts = [text for waiting in batch for text in waiting.texts]
            if not texts:
                continue
            self._on_batch(len(texts))
            try:
                answers = await loop.run_in_executor(self._thread, self._predict, texts)
            except Exception as error:
                for waiting in batch:
                    if not waiting.answer.done():
                        waiting.answer.set_exception(error)
                continue
            start = 0
            for waiting in batch:
                if not waiting.answer.done():  # it may have given up
                    waiting.answer.set_result(answers[start : start + len(waiting.texts)])
                start += len(waiting.texts)

    def _take(self) -> list[_Waiting]:
        """As many requests as fit a batch, at least one; those that gave up are passed over."""
        batch: list[_Waiting] = []
        low = bool(self._second) and (not self._first or self._since_low >= LOW_PRIORITY_EVERY - 1)
        self._since_low = 0 if low else self._since_low + 1
        queue, limit = (self._second, LOW_PRIORITY_SIZE) if low else (self._first, self._settings.max_batch)
        size = 0
        while queue and (not batch or size + len(queue[0].texts) <= limit):
            waiting = queue.popleft()
            self.queued -= len(waiting.texts)
            if not waiting.answer.done():
                batch.append(waiting)
                size += len(waiting.texts)
        if not self._first and not self._second:
            self._arrived.clear()
        return batch
