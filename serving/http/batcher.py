"""Dynamic micro-batching: requests that wait while the model is busy go through it together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

from serving.http.settings import Settings
from serving.model import Scored


class BusyError(Exception):
    """More waits than may, or an answer took too long: the client may try again."""


@dataclass(eq=False)
class _Waiting:
    texts: Sequence[str]
    answer: asyncio.Future[Scored] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Batcher:
    """One thread that runs the model, and a queue before it."""

    def __init__(
        self, predict: Callable[[Sequence[str]], Scored], settings: Settings, watch: Callable[[int], None]
    ) -> None:
        """`watch` is told the size of each batch."""
        self._predict, self._settings, self._watch = predict, settings, watch
        self._queue: deque[_Waiting] = deque()
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

    async def __call__(self, texts: Sequence[str]) -> Scored:
        """What one model says of all these texts; raises `BusyError`."""
        if self.queued + len(texts) > self._settings.max_queue:
            raise BusyError("the queue is full")
        waiting = _Waiting(texts)
        self._queue.append(waiting)
        self.queued += len(texts)
        self._arrived.set()
        try:
            return await asyncio.wait_for(waiting.answer, self._settings.timeout_s)
        except TimeoutError:
            raise BusyError("no answer in time") from None

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
            self._watch(len(texts))
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
        size = 0
        while self._queue and (not batch or size + len(self._queue[0].texts) <= self._settings.max_batch):
            waiting = self._queue.popleft()
            self.queued -= len(waiting.texts)
            if not waiting.answer.done():
                batch.append(waiting)
                size += len(waiting.texts)
        if not self._queue:
            self._arrived.clear()
        return batch
